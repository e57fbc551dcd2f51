#include "framework/training/diagnosis/learning_monitor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "framework/training/diagnosis/activation_figures.hpp"
#include "framework/training/diagnosis/weight_figures.hpp"

namespace lockstep {
namespace {

// No layer after this one has weights. Its units differ because their labels differ.
const LayerRecord* output_layer(const EpochRecord& record) {
  const auto found =
      std::find_if(record.layers.rbegin(), record.layers.rend(),
                   [](const LayerRecord& layer) { return !std::isnan(layer.weight_rms); });
  return found == record.layers.rend() ? nullptr : &*found;
}

}  // namespace

LearningMonitor::LearningMonitor(double guessing_loss, Index warmup_steps)
    : guessing_loss_(guessing_loss), look_at_(std::max(kFirstLook, warmup_steps + kWindow)) {}

std::optional<double> LearningMonitor::on_step(const StepRecord& record) {
  rate_ = record.learning_rate;
  highest_rate_ = std::max(highest_rate_, rate_);
  ++steps_;
  recent_loss_ += (record.loss - recent_loss_) / static_cast<double>(std::min(steps_, kWindow));
  if (record.step <= look_at_ - kWindow || record.step > look_at_) return std::nullopt;
  constexpr double kHardlyLess = 0.98;
  sum_ += record.loss;
  ++seen_;
  if (record.step < look_at_ || seen_ < kWindow) return std::nullopt;
  const double mean = sum_ / static_cast<double>(kWindow);
  if (mean < kHardlyLess * guessing_loss_) return std::nullopt;
  return mean;
}

std::optional<LayerWarning> LearningMonitor::on_evaluation(const EpochRecord& record) {
  const std::optional<LayerWarning> found = problem_of(record);
  if (!found) return std::nullopt;
  const auto number = static_cast<std::size_t>(found->problem);
  if (told_.test(number)) return std::nullopt;
  told_.set(number);
  return found;
}

std::optional<LayerWarning> LearningMonitor::problem_of(const EpochRecord& record) const {
  struct Rule {
    LayerProblem problem;
    double LayerRecord::*measured;
    std::function<bool(const LayerRecord&)> applies;
  };
  const LayerRecord* const output = output_layer(record);
  // Even in a network that has learned, squashing functions saturate and many units are idle.
  const bool learns_badly = recent_loss_ > guessing_loss_ / 2;
  const std::array<Rule, kProblems> rules = {{
      {LayerProblem::equal_units, &LayerRecord::weight_rms,
       [&](const LayerRecord& layer) { return layer.has_equal_units && &layer != output; }},
      {LayerProblem::dead_relus, &LayerRecord::dead_share,
       [&](const LayerRecord& layer) { return learns_badly && layer.dead_share >= kDeadShare; }},
      {LayerProblem::saturated, &LayerRecord::saturated_share,
       [&](const LayerRecord& layer) {
         return learns_badly && layer.saturated_share >= kSaturatedShare;
       }},
      {LayerProblem::update_too_large, &LayerRecord::update_ratio,
       [&](const LayerRecord& layer) {
         return learns_badly && layer.update_ratio > kLargestUpdate;
       }},
      {LayerProblem::update_too_small, &LayerRecord::update_ratio,
       [&](const LayerRecord& layer) { return learns_badly && hardly_moves(record.step, layer); }},
  }};
  for (const Rule& rule : rules) {
    const auto found = std::ranges::find_if(record.layers, rule.applies);
    if (found == record.layers.end()) continue;
    return LayerWarning{.problem = rule.problem,
                        .layer = found->layer,
                        .measured = (*found).*rule.measured,
                        .step = record.step};
  }
  return std::nullopt;
}

// Only where the schedule has not lowered the learning rate much.
bool LearningMonitor::hardly_moves(Index step, const LayerRecord& layer) const {
  if (step < look_at_ || rate_ == 0 || layer.gradient_rms == 0) return false;
  return layer.update_ratio * highest_rate_ / rate_ < kSmallestUpdate;
}

}  // namespace lockstep
