#include "experiments/sweep/halving.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "framework/storage/run/sweep_index.hpp"

namespace lockstep {
namespace {

using Decided = HalvingDecision::Turn;
using Positions = std::vector<std::size_t>;  // in the list of trials

// The evaluation at a step; null if the trial has not come so far.
const EpochRecord* evaluation_at(std::span<const EpochRecord> evaluations, Index step) {
  const auto found = std::find_if(evaluations.begin(), evaluations.end(),
                                  [&](const EpochRecord& record) { return record.step >= step; });
  return found == evaluations.end() ? nullptr : &*found;
}

// A larger value is better.
double merit(const SweepMetric& metric, const HalvingTrial& trial, Index step) {
  constexpr double kWorst = -std::numeric_limits<double>::infinity();
  const EpochRecord* record = evaluation_at(trial.evaluations, step);
  const double figure = record == nullptr ? kNotMeasured : figure_of(*record, metric.name);
  if (std::isnan(figure)) return kWorst;
  return metric.maximize ? figure : -figure;
}

}  // namespace

Index rung_step(const HalvingConfig& halving, Index rung, Index steps) {
  Index step = steps;
  for (Index i = rung; i < halving.rungs; ++i) step /= halving.factor;
  return std::max<Index>(step, 1);
}

bool is_evaluated(std::span<const EpochRecord> evaluations, Index step) {
  return step > 0 && evaluation_at(evaluations, step) != nullptr;
}

std::vector<HalvingDecision> decide_halving(const HalvingConfig& halving, const SweepMetric& metric,
                                            const std::vector<HalvingTrial>& trials) {
  std::vector<HalvingDecision> decisions(trials.size());
  Positions going_on(trials.size());
  for (std::size_t i = 0; i < going_on.size(); ++i) going_on[i] = i;
  for (Index rung = 0; rung < halving.rungs; ++rung) {
    const auto step_of = [&](std::size_t i) { return rung_step(halving, rung, trials[i].steps); };
    bool is_decided = true;
    for (const std::size_t i : going_on) {
      const Index step = step_of(i);
      const bool came = trials[i].has_failed || is_evaluated(trials[i].evaluations, step);
      decisions[i] = {came ? Decided::wait : Decided::train, came ? 0 : step};
      is_decided = is_decided && came;
    }
    if (!is_decided) return decisions;
    std::stable_sort(going_on.begin(), going_on.end(), [&](std::size_t a, std::size_t b) {
      return merit(metric, trials[a], step_of(a)) > merit(metric, trials[b], step_of(b));
    });
    const auto factor = static_cast<std::size_t>(halving.factor);
    const std::size_t kept = (going_on.size() + factor - 1) / factor;
    for (std::size_t i = kept; i < going_on.size(); ++i)
      decisions[going_on[i]].turn = Decided::pruned;
    going_on.resize(kept);
    std::sort(going_on.begin(), going_on.end());
    for (const std::size_t i : going_on) decisions[i] = {};
  }
  return decisions;
}

}  // namespace lockstep
