#pragma once

#include "experiments/check/findings.hpp"

namespace lockstep {

/// What an experiment's settings are held against.
struct LintFacts {
  const ExperimentConfig& config;
  const Graph& graph;
  const Dataset& training;
  int workers = 1;  ///< threads of all ranks
};

/// What settings say of themselves: nothing is run.
CheckFindings lint_findings(const LintFacts& facts);

}  // namespace lockstep
