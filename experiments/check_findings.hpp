#pragma once

// What `check` makes of its facts: pure functions.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/check_facts.hpp"

namespace lockstep {

/// A key of the experiment and what to set it to, as an override has it.
struct AdvisedChange {
  std::string key;
  std::string value;  ///< YAML in flow style

  std::string text() const { return key + "=" + value; }
};

struct CheckFinding {
  enum class Level {
    change,       ///< must be changed
    consequence,  ///< of findings before it: goes away with them
    note,         ///< worth knowing
  };

  std::string id;  ///< "dead_relus"
  Level level = Level::change;
  std::string where;  ///< a layer, or a key
  double measured = 0;
  double threshold = 0;
  std::string reason;  ///< of the threshold, with its source
  std::vector<AdvisedChange> changes{};
  std::string message{};  ///< full sentences with what was measured and what to do
};

/// "change", "follows", "note"
std::string_view to_string(CheckFinding::Level level);

using CheckFindings = std::vector<CheckFinding>;

/// Whether something must be changed.
bool has_cause(const CheckFindings& findings);

/// "Set `a=1` and `b=2`."
std::string in_words(const std::vector<AdvisedChange>& changes);

// Causes first, each with what follows from it.

/// What the initial weights and the inputs show.
CheckFindings initial_findings(const CheckFacts& facts);

/// What the trial shows, given the findings above.
CheckFindings trial_findings(const CheckFacts& facts, const CheckFindings& before);

}  // namespace lockstep
