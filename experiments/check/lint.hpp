#pragma once

#include "experiments/check/findings.hpp"

namespace lockstep {

/// What an experiment's settings are compared with.
struct LintFacts {
  const ExperimentConfig& config;
  const Graph& graph;
  const Dataset& training;
  int workers = 1;  ///< threads of all ranks
};

/// What the settings alone show. Nothing is run.
CheckFindings lint_findings(const LintFacts& facts);

}  // namespace lockstep
