#pragma once

// What `doctor` makes of the facts: pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "experiments/doctor/facts.hpp"

namespace lockstep {

enum class FindingLevel {
  ok,
  note,    ///< worth knowing; may be meant
  change,  ///< costs speed or ends runs, and can be changed
};

/// "change"
std::string_view to_string(FindingLevel level);

struct Finding {
  std::string section;
  FindingLevel level = FindingLevel::ok;
  std::string message;  ///< one full sentence with what was measured and what to do
};

using Findings = std::vector<Finding>;

// A section each.
Findings build_findings(const JobFacts& job);
Findings processor_findings(const JobFacts& job);
Findings mpi_findings(const JobFacts& job);
Findings binding_findings(const JobFacts& job);
Findings network_findings(const JobFacts& job);
Findings file_system_findings(const JobFacts& job);
Findings data_findings(const JobFacts& job);
Findings limit_findings(const JobFacts& job);

/// All of them, in this order.
Findings examine(const JobFacts& job);

}  // namespace lockstep
