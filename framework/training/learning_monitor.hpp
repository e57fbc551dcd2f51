#pragma once

#include <optional>

#include "framework/training/run_records.hpp"

namespace lockstep {

/// Looks once, early in a training, whether the loss has left what guessing costs. Costs nothing.
class LearningMonitor {
 public:
  static constexpr Index kFirstLook = 100;  ///< steps; after warm-up where that is longer
  static constexpr Index kWindow = 25;      ///< steps whose mean loss is looked at

  LearningMonitor(Index classes, Index warmup_steps);

  /// @return that mean, once and only when it has not fallen below 0.98 ln(classes). Steps that a
  ///         resumed training did not see are not judged.
  std::optional<double> on_step(const StepRecord& record);

  double guessing_loss() const { return guessing_loss_; }

 private:
  double guessing_loss_;
  Index look_at_;
  double sum_ = 0;
  Index seen_ = 0;
};

}  // namespace lockstep
