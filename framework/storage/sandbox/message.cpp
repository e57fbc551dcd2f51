#include "framework/storage/sandbox/message.hpp"

#include <cstring>

namespace lockstep {

void MessageWriter::add_number(std::uint64_t value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  message_.insert(message_.end(), bytes.begin(), bytes.end());
}

void MessageWriter::add_text(std::string_view text) {
  add_number(text.size());
  const auto bytes = std::as_bytes(std::span(text));
  message_.insert(message_.end(), bytes.begin(), bytes.end());
}

void MessageWriter::add_texts(std::span<const std::string> texts) {
  add_number(texts.size());
  for (const std::string& text : texts) add_text(text);
}

std::span<const std::byte> MessageReader::take(std::uint64_t size) {
  if (size > message_.size() - at_) throw MalformedMessage();
  const auto bytes = std::span(message_).subspan(at_, size);
  at_ += size;
  return bytes;
}

std::uint64_t MessageReader::number() {
  std::uint64_t value = 0;
  std::memcpy(&value, take(sizeof(value)).data(), sizeof(value));
  return value;
}

std::string MessageReader::text() {
  const auto bytes = take(number());
  std::string text(bytes.size(), '\0');
  if (!bytes.empty()) std::memcpy(text.data(), bytes.data(), bytes.size());
  return text;
}

std::vector<std::string> MessageReader::texts() {
  const std::uint64_t count = number();
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < count; ++i) texts.push_back(text());
  return texts;
}

}  // namespace lockstep
