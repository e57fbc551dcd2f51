#pragma once

// The findings of `compare`: the first of several runs, checkpoints or metrics files is compared
// with each of the others.

#include <optional>
#include <string>
#include <vector>

#include "experiments/compare/compared.hpp"
#include "experiments/compare/first_difference.hpp"

namespace lockstep {

/// A key that is not the same in all configurations.
struct ConfigurationDifference {
  std::string key;
  std::vector<std::string> values;  ///< one per subject; "-" if it has no such key
  bool changes_results = true;
};

struct Comparison {
  std::vector<Compared> compared;  ///< two or more
  std::vector<ConfigurationDifference> configuration;
  std::vector<FirstDifference> results;  ///< of the first subject with each of the others

  /// Whether the configurations agree in every key that results depend on. No answer if one of them
  /// has no configuration.
  std::optional<bool> same_configuration() const;
  bool same_results() const;
  bool same() const { return same_results() && same_configuration().value_or(true); }
};

/// @throws Error (data) if something cannot be read
Comparison compare(const std::vector<std::string>& paths);

}  // namespace lockstep
