#pragma once

#include <string>
#include <vector>

#include "experiments/check/findings.hpp"
#include "experiments/text/report_lines.hpp"

namespace lockstep {

/// All results of a check.
struct CheckResults {
  const CheckFacts& facts;
  CheckFindings findings{};
  std::vector<std::string> advice{};         ///< all changes, as overrides
  std::optional<TrialResult> with_advice{};  ///< the trial once more, with all changes
  std::string command{};                     ///< how to train with them
};

std::vector<ReportLine> check_lines(const CheckResults& results);

/// The object of --json.
std::string check_json(const CheckResults& results);

}  // namespace lockstep
