#pragma once

#include <string>

#include "framework/core/settings.hpp"

namespace lockstep {

/// The document as YAML text that reads back to an equal value: block style, with flat mappings
/// and lists of scalars on one line where they fit, text quoted only where YAML (1.1 or 1.2) would
/// take it for something else. Ends with a line feed.
std::string write_yaml(const Value& document);

/// The same on one line, in flow style, without a line feed.
std::string write_yaml_flow(const Value& value);

/// One setting per line, each with the full path of its key ("model.layers.0.filters: 6"), so that
/// two documents that differ in one setting differ in one line.
std::string write_key_lines(const Value& document);

}  // namespace lockstep
