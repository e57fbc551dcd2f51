#pragma once

// What `doctor` concludes from the facts: pure functions.

#include <vector>

#include "experiments/doctor/facts.hpp"
#include "experiments/text/finding.hpp"

namespace lockstep {

using Findings = std::vector<Finding>;

// One function per section.
Findings build_findings(const JobFacts& job);
Findings processor_findings(const JobFacts& job);
Findings mpi_findings(const JobFacts& job);
Findings binding_findings(const JobFacts& job);
Findings network_findings(const JobFacts& job);
Findings file_system_findings(const JobFacts& job);
Findings data_findings(const JobFacts& job);
Findings limit_findings(const JobFacts& job);

/// All findings, section by section in this order.
Findings examine(const JobFacts& job);

}  // namespace lockstep
