#pragma once

#include <bitset>
#include <optional>
#include <string>

#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// What can be wrong with a layer. The limits are those of `check` (activation_figures.hpp,
/// weight_figures.hpp). An earlier entry explains the later ones.
enum class LayerProblem {
  equal_units,
  dead_relus,
  saturated,
  update_too_large,
  update_too_small,
};

struct LayerWarning {
  LayerProblem problem;
  std::string layer;    ///< the first layer with the problem
  double measured = 0;  ///< share of units or outputs, or the update as a share of the weights
  Index step = 0;
};

/// Watches a training while it goes on. It adds no passes of its own.
class LearningMonitor {
 public:
  static constexpr Index kFirstLook = 100;  ///< steps; or the end of warm-up, if that is later
  static constexpr Index kWindow = 25;      ///< steps in the mean loss that is judged

  /// @param guessing_loss  the loss of a network that knows nothing, see Loss
  LearningMonitor(double guessing_loss, Index warmup_steps);

  /// Checks once, early, whether the loss has left the cost of guessing.
  /// @return the mean loss, once, and only if it has not fallen below 0.98 of that cost. Steps that
  ///         a resumed training did not see are not judged.
  std::optional<double> on_step(const StepRecord& record);

  /// Reports each problem once, for the first layer that has it, and not while a problem reported
  /// before explains it. All problems but equal units are reported only while the loss is above
  /// half the cost of guessing: below that they do no harm.
  std::optional<LayerWarning> on_evaluation(const EpochRecord& record);

  double guessing_loss() const { return guessing_loss_; }

 private:
  static constexpr std::size_t kProblems = 5;

  double guessing_loss_;
  Index look_at_;
  double sum_ = 0;
  Index seen_ = 0;
  Index steps_ = 0;          ///< steps seen so far
  double recent_loss_ = 0;   ///< moving average over about kWindow steps
  double rate_ = 0;          ///< learning rate of the last step
  double highest_rate_ = 0;  ///< highest learning rate so far
  std::bitset<kProblems> told_;

  std::optional<LayerWarning> problem_of(const EpochRecord& record) const;
  bool hardly_moves(Index step, const LayerRecord& layer) const;
};

}  // namespace lockstep
