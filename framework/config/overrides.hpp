#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/core/settings.hpp"

namespace lockstep {

/// One `key.path=value` of the command line or of a sweep.
struct Override {
  std::vector<std::string> path;  ///< at least one key, none empty
  Value value;
  std::string name;  ///< where its errors are: "override 'train.steps=10'" or "sweep.yaml:7:3"

  std::string key() const;  ///< the path, joined by dots
};

/// Splits at the first '=' and reads the rest as YAML.
/// @throws Error (usage) if there is no '=', if a key is empty, or if the rest is not YAML
Override parse_override(std::string_view text);

/// The same for a key and a value from a file. @throws Error (usage) for an empty key
Override make_override(std::string_view key, Value value, std::string name);

/// Puts the value into the document as if it had been written there. Whether the key exists is
/// checked when the document is read.
///
/// A list whose items have names (`layers`) is entered by name: model.layers.c1.filters. A bare
/// learning_rate counts as a constant one with that peak. If two keys exclude each other
/// (train.epochs and train.steps, ...), the other one is removed. A mapping replaces what was
/// there.
/// @throws Error (usage) for an unknown layer (with the nearest name) and for a path that goes on
///         below a single value
void apply_override(Value& document, const Override& change);

/// Where the value at a path was written, or the nearest enclosing value that has a place.
Location place_in(const Value& document, std::string_view key);

}  // namespace lockstep
