#pragma once

#include <vector>

#include "framework/training/trainer.hpp"

namespace lockstep {

struct TrialResult {
  Index steps = 0;        ///< that were done
  double first_loss = 0;  ///< of the first batch, before any update; NaN: it was not finite
  double loss = 0;        ///< mean over the batches of the last quarter; NaN: it was not reached
  double accuracy = 0;    ///< likewise, each batch before it is learned from
  bool is_finite = true;  ///< false: loss, gradient or weights were not after `steps` steps
  /// Of each layer: the mean, over steps, of the update's root mean square as a part of the
  /// weight's; NaN without weights and where all are zero.
  std::vector<double> update_ratios{};
  std::vector<double> first_update_ratios{};  ///< those of the first step; empty without any
  std::vector<float> parameters{};            ///< at the end, flat, as stored
};

/// Trains up to the last step, in this process alone, only to show whether a network learns.
TrialResult run_trial(TrainingSetup& setup, const WorkerTeam& team);

}  // namespace lockstep
