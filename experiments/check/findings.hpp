#pragma once

// What `check` concludes from its facts: pure functions.

#include <optional>
#include <string>
#include <vector>

#include "experiments/check/advice.hpp"
#include "experiments/check/facts.hpp"
#include "experiments/text/finding.hpp"

namespace lockstep {

/// A finding with what was measured and what is advised.
struct CheckFinding {
  std::string id;  ///< "dead_relus"
  FindingLevel level = FindingLevel::change;
  std::string where;  ///< a layer, or a key
  double measured = 0;
  double threshold = 0;
  std::string reason;  ///< of the threshold, with its source
  std::vector<AdvisedChange> changes{};
  std::string message{};  ///< full sentences with what was measured and what to do
};

using CheckFindings = std::vector<CheckFinding>;

/// Whether something must be changed.
bool has_cause(const CheckFindings& findings);

// Causes come first, each followed by its consequences.

/// Findings from the initial weights and the inputs.
CheckFindings initial_findings(const CheckFacts& facts);

/// Findings from the trial, given the findings above.
CheckFindings trial_findings(const CheckFacts& facts, const CheckFindings& before);

}  // namespace lockstep
