#include "framework/training/learning_monitor.hpp"

#include <algorithm>
#include <cmath>

#include "framework/core/elementary.hpp"

namespace lockstep {

LearningMonitor::LearningMonitor(Index classes, Index warmup_steps)
    : guessing_loss_(elementary::log(static_cast<double>(classes))),
      look_at_(std::max(kFirstLook, warmup_steps + kWindow)) {}

std::optional<double> LearningMonitor::on_step(const StepRecord& record) {
  if (record.step <= look_at_ - kWindow || record.step > look_at_) return std::nullopt;
  constexpr double kHardlyLess = 0.98;
  sum_ += record.loss;
  ++seen_;
  if (record.step < look_at_ || seen_ < kWindow) return std::nullopt;
  const double mean = sum_ / static_cast<double>(kWindow);
  if (mean < kHardlyLess * guessing_loss_) return std::nullopt;
  return mean;
}

}  // namespace lockstep
