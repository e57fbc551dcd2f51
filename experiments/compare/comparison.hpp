#pragma once

// What `compare` finds: the first of several runs, checkpoints or metrics files with each other
// one.

#include <optional>
#include <string>
#include <vector>

#include "experiments/compare/compared.hpp"
#include "experiments/compare/first_difference.hpp"

namespace lockstep {

/// A key that is not the same in all configurations.
struct ConfigurationDifference {
  std::string key;
  std::vector<std::string> values;  ///< of each, "-" without one
  bool changes_results = true;
};

struct Comparison {
  std::vector<Compared> compared;  ///< two or more
  std::vector<ConfigurationDifference> configuration;
  std::vector<FirstDifference> results;  ///< of the first with each other one

  /// Nothing differs that results depend on; no answer where one has no configuration.
  std::optional<bool> same_configuration() const;
  bool same_results() const;
  bool same() const { return same_results() && same_configuration().value_or(true); }
};

/// @throws Error (data) when something cannot be read
Comparison compare(const std::vector<std::string>& paths);

}  // namespace lockstep
