#pragma once

#include <optional>
#include <vector>

#include "framework/graph/graph.hpp"
#include "framework/training/step/dataset.hpp"
#include "framework/training/trainer.hpp"
#include "framework/training/update/optimizer.hpp"
#include "framework/training/update/schedule.hpp"

namespace lockstep {

/// A training that only shows whether a network learns.
struct TrialRequest {
  const Graph& graph;
  const Dataset& dataset;
  const WorkerTeam& team;
  TrainerSettings trainer;    ///< its length is the trial's
  ScheduleSettings schedule;  ///< for that length; see `shortened`
  OptimizerSettings optimizer;
};

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

/// Trains from the seed's initial weights, in this process alone.
TrialResult run_trial(const TrialRequest& request);

/// The same schedule in a run of `steps` instead of `total_steps`.
ScheduleSettings shortened(const ScheduleSettings& schedule, Index total_steps, Index steps);

}  // namespace lockstep
