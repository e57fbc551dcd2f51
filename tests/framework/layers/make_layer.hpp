#pragma once

// Layers made from settings as text, for tests of layers.

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "framework/layers/layer.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep::testing {

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

}  // namespace lockstep::testing
