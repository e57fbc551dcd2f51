#include "experiments/compare/comparison.hpp"

#include <algorithm>

#include "framework/config/config_difference.hpp"
#include "framework/config/yaml_writer.hpp"

namespace lockstep {
namespace {

// In the order of the first experiment that has the key.
std::vector<std::string> keys_that_differ(const std::vector<Compared>& compared) {
  std::vector<std::string> keys;
  const std::optional<ExperimentConfig>& first = compared.front().config;
  for (const Compared& other : compared) {
    if (!first || !other.config) continue;
    for (const std::string& key : differing_keys(*first, *other.config)) {
      if (std::ranges::count(keys, key) == 0) keys.push_back(key);
    }
  }
  return keys;
}

std::vector<std::string> values_at(const std::vector<Compared>& compared, const std::string& key) {
  std::vector<std::string> values;
  for (const Compared& one : compared) {
    const Value document = one.config ? to_value(*one.config) : Value();
    const Value* value = value_at(document, key);
    values.push_back(value == nullptr ? "-" : write_yaml_flow(*value));
  }
  return values;
}

}  // namespace

std::optional<bool> Comparison::same_configuration() const {
  const auto has_config = [](const Compared& one) { return one.config.has_value(); };
  if (!std::all_of(compared.begin(), compared.end(), has_config)) return {};
  return std::ranges::none_of(configuration, &ConfigurationDifference::changes_results);
}

bool Comparison::same_results() const {
  return std::ranges::all_of(results, [](const FirstDifference& found) { return found.same(); });
}

Comparison compare(const std::vector<std::string>& paths) {
  Comparison comparison;
  for (const std::string& path : paths) comparison.compared.push_back(load_compared(path));
  const std::vector<Compared>& compared = comparison.compared;
  for (const std::string& key : keys_that_differ(compared)) {
    comparison.configuration.push_back({.key = key,
                                        .values = values_at(compared, key),
                                        .changes_results = !never_changes_results(key)});
  }
  for (std::size_t i = 1; i < compared.size(); ++i) {
    comparison.results.push_back(first_difference(compared.front(), compared[i]));
  }
  return comparison;
}

}  // namespace lockstep
