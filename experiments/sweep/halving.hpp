#pragma once

// Which trials of a sweep go on, and how far. It depends on evaluations alone: all sweepers that
// read the same folders decide the same, now and after a restart.

#include <span>
#include <vector>

#include "framework/config/sweep_config.hpp"
#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// What a decision needs to know of a trial.
struct HalvingTrial {
  Index steps = 0;  ///< of the whole run
  bool has_failed = false;
  std::span<const EpochRecord> evaluations = {};  ///< in the order of their steps
};

struct HalvingDecision {
  enum class Turn {
    train,   ///< up to `until`
    wait,    ///< for the other trials at its rung
    pruned,  ///< not among the best of its rung
  };
  Turn turn = Turn::train;
  Index until = 0;  ///< the step to pause after; 0: the last
};

/// The step at which a trial pauses for a rung; the first rung is 0.
Index rung_step(const HalvingConfig& halving, Index rung, Index steps);

/// Whether the trial has been evaluated at that step or later. At step 0: never.
bool is_evaluated(std::span<const EpochRecord> evaluations, Index step);

/// One decision per trial. A rung is decided when all trials that came to it have failed or been
/// evaluated there. One in `factor` of them goes on, rounded up. Among equal figures the earlier
/// trial goes on. Trials that failed before they were evaluated, or that have no such figure, are
/// the worst.
std::vector<HalvingDecision> decide_halving(const HalvingConfig& halving, const SweepMetric& metric,
                                            const std::vector<HalvingTrial>& trials);

}  // namespace lockstep
