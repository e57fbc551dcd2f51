#pragma once

// Layers made from settings as text, for tests of layers.

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"
#include "framework/layers/layer.hpp"

namespace lockstep::testing {

using SettingTexts = std::vector<std::pair<std::string, std::string>>;

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

inline LayerType find_layer_type(std::string_view name) {
  for (const LayerType& type : all_layer_types()) {
    if (type.name == name) return type;
  }
  throw std::invalid_argument("no layer type is called " + std::string(name));
}

/// A layer called "tried", read as strictly as from a file.
inline std::unique_ptr<Layer> make_layer(const LayerType& type, const Value& settings) {
  SettingsReader reader(settings, "layers.tried");
  std::unique_ptr<Layer> layer = type.create("tried", reader);
  reader.finish();
  return layer;
}

inline std::unique_ptr<Layer> make_layer(std::string_view type, const SettingTexts& settings) {
  return make_layer(find_layer_type(type), parse_settings(settings));
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
