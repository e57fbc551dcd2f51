// Words of the command line that change a sweep.

#include <algorithm>

#include <fmt/format.h>

#include "framework/config/sweep_config.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/error.hpp"

namespace lockstep {

void add_word(SweepConfig& config, const std::string& word) {
  const std::string name = fmt::format("override '{}'", printable(word));
  const std::size_t equals = word.find('=');
  const std::string list = equals == std::string::npos ? "" : word.substr(equals + 1);
  const std::vector<std::string> values = split_values(list, name);
  if (values.size() < 2) {
    Override same = parse_override(word);
    std::erase_if(config.parameters,
                  [&](const SweepParameter& parameter) { return parameter.key == same.key(); });
    config.overrides.push_back(std::move(same));
    return;
  }
  SweepParameter parameter{.key = word.substr(0, equals), .place = {.file = name}};
  for (const std::string& value : values) {
    parameter.values.push_back(read_yaml_override(value, name));
  }
  const auto old = std::find_if(config.parameters.begin(), config.parameters.end(),
                                [&](const SweepParameter& p) { return p.key == parameter.key; });
  if (old == config.parameters.end()) {
    config.parameters.push_back(std::move(parameter));
  } else {
    *old = std::move(parameter);
  }
}

std::vector<std::string> split_values(std::string_view text, const std::string& name) {
  std::vector<std::string> values(1);
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      values.emplace_back();
      continue;
    }
    values.back() += c;
  }
  if (values.size() > 1 && std::find(values.begin(), values.end(), "") != values.end()) {
    throw Error(errors::kOverride,
                fmt::format("{}: a value of the list is empty; write key=a,b,c, and text with "
                            "commas in quotes.",
                            name));
  }
  return values;
}

}  // namespace lockstep
