#pragma once

#include <string>
#include <vector>

#include "experiments/doctor/findings.hpp"
#include "experiments/text/report_lines.hpp"

namespace lockstep {

/// At most 80 columns, but for words and command lines that are longer.
std::vector<ReportLine> doctor_lines(const JobFacts& job, const Findings& findings);

/// The object of --json.
std::string doctor_json(const JobFacts& job, const Findings& findings);

}  // namespace lockstep
