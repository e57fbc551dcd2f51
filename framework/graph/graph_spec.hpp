#pragma once

#include <string>
#include <vector>

#include "framework/core/initializer.hpp"
#include "framework/core/settings.hpp"
#include "framework/core/shape.hpp"

namespace lockstep {

/// The name by which layers refer to the network's input.
inline constexpr std::string_view kInputName = "input";

/// One parameter's initialiser as a model file gives it: `init: {weight: {type: he_normal}}`.
struct InitializerSpec {
  std::string tensor;
  Initializer initializer;
  Location location;
};

/// One entry of a model file's `layers`.
struct LayerSpec {
  std::string name;
  std::string type;
  std::vector<std::string> inputs;  ///< names of earlier layers, or "input"; never empty
  Value settings;                   ///< the rest, for the layer's own type: a mapping
  std::vector<InitializerSpec> initializers;
  Location location;
};

/// A network as drawn: parsed and checked for form, but not yet for shapes.
struct GraphSpec {
  std::string name;
  Shape input;  ///< (C, H, W) or (F)
  std::vector<LayerSpec> layers;
};

/// Reads a model: `schema_version` (may be left out), `name`, `input: {shape: [...]}`, `layers`.
/// @throws Error (usage) with file:line:column for unknown, missing, duplicate or ill-typed keys,
///         unknown layer types (with the nearest), duplicate names and inputs that are not earlier
///         layers.
GraphSpec parse_graph_spec(const Value& model);

/// Reads `{type: he_normal}`, `{type: normal, mean: 0, std: 1}`, ...
Initializer parse_initializer(const Value& value, const std::string& path);
/// The inverse of parse_initializer.
Value to_value(const Initializer& initializer);

}  // namespace lockstep
