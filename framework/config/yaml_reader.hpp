#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "framework/config/yaml_writer.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {

/// Reads one YAML document strictly. Every value knows its file:line:column, counted from 1,
/// columns in bytes.
///
/// Refused with an Error (usage) that begins with the place: bytes that are not UTF-8, control
/// characters, tabs as indentation, anchors, aliases, merge keys, tags, duplicate keys (both places
/// are named), keys that are not scalars, a second document, an empty document, nesting beyond 64,
/// more than 100,000 values, quotes that are never closed, and whatever else is not YAML. A byte
/// order mark and CR LF are accepted. Files beyond 1 MiB, folders, pipes and missing files are
/// refused in a sentence that names the path.
Value read_yaml_file(const std::filesystem::path& path);

/// The same for text in memory. Messages call the file `name`.
Value read_yaml_text(std::string_view text, const std::string& name);

/// Reads the value of a `key=value` on the command line. Nothing has a line; every place is `name`,
/// such as "override 'train.steps=10'". Empty text gives a null value.
Value read_yaml_override(std::string_view text, const std::string& name);

}  // namespace lockstep
