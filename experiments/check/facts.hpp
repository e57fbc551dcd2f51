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
  double guessing_loss = 0;                ///< loss of a network that knows nothing
  double chance = 0;                       ///< share of the largest class
  double nearest_mean = 0;                 ///< accuracy of the nearest class mean on raw inputs
  Index nearest_samples = 0;               ///< samples that it was measured on
  Index batch_size = 0;                    ///< of the trial run
  TrialResult trial{};                     ///< a short training as the experiment says
  std::optional<std::string>
      broken_layer{};  ///< the first layer that is not finite when the trial ends
  // Measured only if the trial did not learn:
  std::optional<TrialResult> one_batch{};  ///< the same training on one batch again and again
  std::vector<RateTrial> rates{};          ///< with other rates

  /// Whether a trial gets at least half way from chance to the nearest class mean, or clearly above
  /// chance if that mean is no better than chance.
  bool learns(const TrialResult& result) const;
  bool inputs_tell_classes() const;
};

/// What the facts are measured with.
struct CheckBench {
  const Graph& graph;
  const ExperimentConfig& config;
  const Dataset& training;
  const WorkerTeam& team;
};

/// Measures everything except `rates`.
CheckFacts gather_check_facts(const CheckBench& bench);

/// Repeats the trial with the experiment's rate times 0.1, 0.01, 0.001, 10 and 100, and with the
/// rates that the first update of the failed trial asks for, by its size as a share of the weights.
std::vector<RateTrial> try_rates(const CheckBench& bench, const TrialResult& trial);

/// Runs only the trial, for an experiment changed as `check` advises.
TrialResult run_check_trial(const CheckBench& bench);

}  // namespace lockstep
