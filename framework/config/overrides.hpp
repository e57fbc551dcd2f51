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
  std::string name;  ///< "override 'train.steps=10'" or "sweep.yaml:7:3": the place of its errors

  std::string key() const;  ///< the path with dots
};

/// Splits at the first '=' and reads the rest as YAML.
/// @throws Error (usage) without '=' or with an empty key, and for what is not YAML
Override parse_override(std::string_view text);

/// The same of a key and a value that stand in a file. @throws Error (usage) for an empty key
Override make_override(std::string_view key, Value value, std::string name);

/// Puts the value into the document as if it had been written there; whether the key exists is
/// checked when the document is read.
///
/// A list whose items have names (`layers`) is entered by name: model.layers.c1.filters. A bare
/// learning_rate is a constant one with that peak. Of two keys that exclude each other
/// (train.epochs and train.steps, ...) the other one is taken out. A mapping replaces what was
/// there.
/// @throws Error (usage) for an unknown layer (with the nearest name) and for a path that goes on
///         below a single value
void apply_override(Value& document, const Override& change);

/// Where the value at a path was written, or the nearest thing around it that has a place.
Location place_in(const Value& document, std::string_view key);

}  // namespace lockstep
