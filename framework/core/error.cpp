#include "framework/core/error.hpp"

#include <algorithm>
#include <new>

namespace lockstep {

std::string sentence_of(const ErrorCode& code, std::string_view message) {
  return std::string(message) + " [" + code.name() + "]";
}

std::string sentence_of(const std::exception& error) {
  return sentence_of(code_of(error), error.what());
}

ErrorCode code_of(const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return known->code();
  const bool is_memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  return is_memory ? errors::kMemory : errors::kUnforeseen;
}

std::string_view code_behind(std::string_view sentence) {
  constexpr std::string_view kBegin = " [E";
  const std::size_t begin = sentence.rfind(kBegin);
  if (begin == std::string_view::npos || !sentence.ends_with(']')) return {};
  const std::string_view digits =
      sentence.substr(begin + kBegin.size(), sentence.size() - begin - kBegin.size() - 1);
  const bool is_number =
      !digits.empty() && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? sentence.substr(begin + 2, digits.size() + 1) : std::string_view();
}

}  // namespace lockstep
