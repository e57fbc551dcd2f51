#pragma once

#include <bitset>
#include <optional>
#include <string>

#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// What a layer can suffer from; the limits are those of `check` (activation_figures.hpp,
/// weight_figures.hpp). An earlier one explains the later ones.
enum class LayerProblem {
  equal_units,
  dead_relus,
  saturated,
  update_too_large,
  update_too_small,
};

struct LayerWarning {
  LayerProblem problem;
  std::string layer;    ///< the first that has it
  double measured = 0;  ///< share of units or outputs, or the update's part of the weights
  Index step = 0;
};

/// Looks at a training while it goes on. Costs nothing.
class LearningMonitor {
 public:
  static constexpr Index kFirstLook = 100;  ///< steps; after warm-up where that is longer
  static constexpr Index kWindow = 25;      ///< steps whose mean loss is looked at

  /// @param guessing_loss  what a network that knows nothing costs, see Loss
  LearningMonitor(double guessing_loss, Index warmup_steps);

  /// Looks once, early, whether the loss has left what guessing costs.
  /// @return that mean, once and only when it has not fallen below 0.98 of it. Steps that a
  ///         resumed training did not see are not judged.
  std::optional<double> on_step(const StepRecord& record);

  /// @return the first problem of the first layer that has it, once each; nothing while one that
  ///         was told explains it. Other than equal units only while the loss is above half of what
  ///         guessing costs: below, they do no harm.
  std::optional<LayerWarning> on_evaluation(const EpochRecord& record);

  double guessing_loss() const { return guessing_loss_; }

 private:
  static constexpr std::size_t kProblems = 5;

  double guessing_loss_;
  Index look_at_;
  double sum_ = 0;
  Index seen_ = 0;
  Index steps_ = 0;          ///< seen
  double recent_loss_ = 0;   ///< moving average over about kWindow steps
  double rate_ = 0;          ///< of the last step
  double highest_rate_ = 0;  ///< so far
  std::bitset<kProblems> told_;

  std::optional<LayerWarning> problem_of(const EpochRecord& record) const;
  bool hardly_moves(Index step, const LayerRecord& layer) const;
};

}  // namespace lockstep
