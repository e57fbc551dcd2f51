#pragma once

#include <vector>

#include "framework/training/trainer.hpp"

namespace lockstep {

struct TrialResult {
  Index steps = 0;        ///< steps done
  double first_loss = 0;  ///< of the first batch, before any update; NaN: not finite
  double loss = 0;        ///< mean over the batches of the last quarter; NaN: not reached
  double accuracy = 0;    ///< likewise; each batch is judged before it is learned from
  bool is_finite = true;  ///< false: loss, gradient or weights were not, after `steps` steps
  /// Per layer: the mean, over steps, of the update's root mean square as a share of the weight's;
  /// NaN without weights, and if all of them are zero.
  std::vector<double> update_ratios{};
  std::vector<double> first_update_ratios{};  ///< those of the first step; empty if there was none
  std::vector<float> parameters{};            ///< at the end, flat, as stored
};

/// Trains up to the last step, in this process alone, only to see whether the network learns.
TrialResult run_trial(TrainingSetup& setup, const WorkerTeam& team);

}  // namespace lockstep
