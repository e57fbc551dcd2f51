#pragma once

// Numbers, texts and bytes, one after the other, as a message between two processes. Whoever reads
// believes nothing: every length is compared with what is there.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

using Message = std::vector<std::byte>;

class MessageWriter {
 public:
  void add_number(std::uint64_t value);
  void add_text(std::string_view text);
  void add_texts(std::span<const std::string> texts);

  const Message& message() const { return message_; }

 private:
  Message message_;
};

/// A message is not what its reader expects.
class MalformedMessage : public std::runtime_error {
 public:
  MalformedMessage() : std::runtime_error("a message between processes is malformed") {}
};

/// Takes a message apart in the order in which it was made.
/// Every function throws MalformedMessage if what it is asked for is not there.
class MessageReader {
 public:
  explicit MessageReader(Message message) : message_(std::move(message)) {}

  std::uint64_t number();
  std::string text();
  std::vector<std::string> texts();

 private:
  std::span<const std::byte> take(std::uint64_t size);

  Message message_;
  std::size_t at_ = 0;
};

}  // namespace lockstep
