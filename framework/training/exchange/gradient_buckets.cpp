#include "framework/training/exchange/gradient_buckets.hpp"

#include "framework/graph/work_division.hpp"

namespace lockstep {
namespace {

constexpr double kLeastAfterFirst = 0.5;  // share of backward's multiply-adds

// Where the parameters of this step and of all later steps begin.
std::size_t first_float(const Plan& plan, const ParameterLayout& layout, std::size_t step) {
  const std::size_t entry = layout.first_entry(plan.steps()[step].first_node);
  return entry < layout.entries().size() ? layout.entries()[entry].offset : layout.size();
}

}  // namespace

std::vector<GradientBucket> gradient_buckets(const Plan& plan, const ParameterLayout& layout,
                                             int ranks) {
  double all = 0;
  for (const PlannedStep& step : plan.steps()) all += backward_multiply_adds(plan, step);
  double before = 0;
  for (std::size_t i = 1; ranks > 1 && i < plan.steps().size(); ++i) {
    before += backward_multiply_adds(plan, plan.steps()[i - 1]);
    const std::size_t split = first_float(plan, layout, i);
    const bool completes = layout.first_entry(plan.steps()[i].first_node) !=
                           layout.first_entry(plan.steps()[i].first_node + 1);
    if (!completes || before < kLeastAfterFirst * all || split == 0) continue;
    return {{.first = split, .size = layout.size() - split, .last_step = i},
            {.first = 0, .size = split, .last_step = 0}};
  }
  return {{.first = 0, .size = layout.size(), .last_step = 0}};
}

}  // namespace lockstep
