#pragma once

#include <string>
#include <vector>

#include "experiments/doctor_findings.hpp"

namespace lockstep {

struct DoctorLine {
  std::string text;  ///< at most 80 columns, but for words and command lines that are longer
  bool is_heading = false;
};

std::vector<DoctorLine> doctor_lines(const JobFacts& job, const Findings& findings);

/// The object of --json.
std::string doctor_json(const JobFacts& job, const Findings& findings);

}  // namespace lockstep
