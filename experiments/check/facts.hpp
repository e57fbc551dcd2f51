#pragma once

// What `check` measures before it judges.

#include <optional>
#include <vector>

#include "framework/config/experiment_config.hpp"
#include "framework/core/parallel.hpp"
#include "framework/graph/graph.hpp"
#include "framework/training/diagnosis/gradient_check.hpp"
#include "framework/training/diagnosis/network_probe.hpp"
#include "framework/training/trial_run.hpp"

namespace lockstep {

struct RateTrial {
  double peak = 0;
  TrialResult result;
};

struct CheckFacts {
  const Graph& graph;
  const ExperimentConfig& config;
  NetworkFigures network{};                ///< with the initial weights
  std::vector<GradientCheck> gradients{};  ///< likewise
  double guessing_loss = 0;                ///< what a network that knows nothing costs
  double chance = 0;                       ///< share of the largest class
  double nearest_mean = 0;                 ///< accuracy of the nearest class mean on raw inputs
  Index nearest_samples = 0;               ///< that it was measured on
  Index batch_size = 0;                    ///< of the trial
  TrialResult trial{};                     ///< a short training as the experiment says
  std::optional<std::string>
      broken_layer{};  ///< the first that is not finite where the trial ended
  // Where the trial did not learn:
  std::optional<TrialResult> one_batch{};  ///< the same on one batch again and again
  std::vector<RateTrial> rates{};          ///< with other rates

  /// Whether a trial ends at least half way from chance to the nearest class mean, or clearly above
  /// chance where that mean knows no better.
  bool learns(const TrialResult& result) const;
  bool inputs_tell_classes() const;
};

/// What the facts are measured on.
struct CheckBench {
  const Graph& graph;
  const ExperimentConfig& config;
  const Dataset& training;
  const WorkerTeam& team;
};

/// All but `rates`.
CheckFacts gather_check_facts(const CheckBench& bench);

/// The trial with the experiment's rate times 0.1, 0.01, 0.001, 10 and 100, and with those that the
/// first update of the trial that failed, as a part of the weights, asks for.
std::vector<RateTrial> try_rates(const CheckBench& bench, const TrialResult& trial);

/// The trial alone, for an experiment as `check` advises it.
TrialResult run_check_trial(const CheckBench& bench);

}  // namespace lockstep
