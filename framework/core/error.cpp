#include "framework/core/error.hpp"

#include <algorithm>
#include <new>

#include <fmt/format.h>

namespace lockstep {

std::string sentence_of(const ErrorCode& code, std::string_view message) {
  return std::string(message) + " [" + code.name() + "]";
}

std::string sentence_of(const std::exception& exception) {
  const Error error = as_error(exception);
  return sentence_of(error.code(), error.what());
}

Error as_error(const std::exception& exception) {
  if (const auto* known = dynamic_cast<const Error*>(&exception)) return *known;
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return {errors::kMemory,
            "There is not enough memory for this; use a smaller batch, network or data set."};
  }
  return {errors::kUnforeseen, fmt::format("Something unforeseen failed: {}.", exception.what())};
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
