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

}  // namespace lockstep
