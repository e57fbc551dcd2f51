#pragma once

// Settings from their texts, and what is said of wrong ones: for tests of what is chosen by name.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"

namespace lockstep::testing {

/// A scalar, or a list of scalars such as "[3, 5]".
inline Value parse_setting(std::string_view text) {
  if (!text.starts_with('[')) return Value::scalar(std::string(text));
  std::vector<Value> items;
  std::string item;
  for (const char character : text.substr(1)) {
    if (character == ',' || character == ']') {
      items.push_back(Value::scalar(std::exchange(item, "")));
    } else if (character != ' ') {
      item += character;
    }
  }
  return Value::sequence(std::move(items));
}

inline Value parse_settings(const SettingTexts& settings) {
  Value mapping = Value::mapping();
  for (const auto& [key, text] : settings) mapping.set(key, parse_setting(text));
  return mapping;
}

/// "conv2d filters=3 kernel=[3, 5]"
inline std::string describe(std::string_view name, const SettingTexts& settings) {
  std::string text(name);
  for (const auto& [key, value] : settings) text.append(" ").append(key).append("=" + value);
  return text;
}

/// The message of the Error (usage) that a call throws; "" if it throws none.
template <class Call>
std::string usage_error(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::usage ? error.what() : "";
  }
  return "";
}

}  // namespace lockstep::testing
