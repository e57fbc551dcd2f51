#include "framework/graph/work_division.hpp"

#include <algorithm>
#include <numeric>

#include "framework/graph/graph.hpp"

namespace lockstep {
namespace {

// All in multiply-adds. A core does about 100 of them per nanosecond.
constexpr double kWaiting = 1e5;          // for all threads to end a stage
constexpr double kWorthDividing = 8e5;    // in one step
constexpr double kWithoutMultiply = 1e5;  // assembly, loss and the layers that only move numbers
constexpr double kAsFast = 1.05;          // estimates that differ by less count as equal

// The smallest number of equal shares that keeps all threads equally busy.
std::size_t shares_of(std::size_t micro_batches, std::size_t threads) {
  return threads / std::gcd(micro_batches, threads);
}

}  // namespace

double forward_multiply_adds(const Plan& plan, const PlannedStep& step) {
  const GraphNode& node = plan.graph().nodes()[step.first_node];
  return static_cast<double>(node.layer->multiply_adds(node.input_shapes)) *
         static_cast<double>(plan.micro_batch());
}

double backward_multiply_adds(const Plan& plan, const PlannedStep& step) {
  if (!step.runs_backward) return 0;
  const bool to_input = std::any_of(step.input_gradients.begin(), step.input_gradients.end(),
                                    [](const PlannedView& view) { return view.present; });
  return forward_multiply_adds(plan, step) * (to_input ? 2 : 1);
}

WorkDivision::WorkDivision(const Plan& plan)
    : forward_(make_pass(plan, false)), backward_(make_pass(plan, true)) {}

WorkDivision::Pass WorkDivision::make_pass(const Plan& plan, bool backward) {
  Pass pass;
  for (std::size_t i = 0; i < plan.steps().size(); ++i) {
    const PlannedStep& step = plan.steps()[i];
    const double work =
        backward ? backward_multiply_adds(plan, step) : forward_multiply_adds(plan, step);
    // Gradients from several readers are added once, by the thread that runs the whole step.
    const bool divided = step.layer->divides() && work >= kWorthDividing &&
                         !(backward && !step.further_gradients.empty());
    (divided ? pass.divided : pass.rest) += work;
    if (divided) ++pass.divisions;
    if (!divided && !pass.stages.empty() && !pass.stages.back().divided) {
      ++pass.stages.back().last;
    } else {
      pass.stages.push_back({.first = i, .last = i + 1, .divided = divided});
    }
  }
  return pass;
}

// The cost when all threads work together on fewer micro-batches than there are threads.
double WorkDivision::cost_of_shares(std::size_t micro_batches, std::size_t threads) const {
  const double divided = forward_.divided + backward_.divided;
  const auto stages = static_cast<double>(forward_.stages.size() + backward_.stages.size());
  return divided * static_cast<double>(micro_batches) / static_cast<double>(threads) +
         forward_.rest + backward_.rest + kWithoutMultiply + stages * kWaiting;
}

double WorkDivision::cost(std::size_t micro_batches, std::size_t threads) const {
  const double whole =
      forward_.divided + forward_.rest + backward_.divided + backward_.rest + kWithoutMultiply;
  const std::size_t left = micro_batches % threads;
  const std::size_t rounds = micro_batches / threads;
  const double of_rounds = static_cast<double>(rounds) * whole;
  return left == 0 ? of_rounds : of_rounds + std::min(whole, cost_of_shares(left, threads));
}

int WorkDivision::useful_threads(std::size_t micro_batches, int threads) const {
  const auto cost_of = [&](int count) {
    return cost(micro_batches, static_cast<std::size_t>(count));
  };
  double best = cost_of(1);
  for (int count = 2; count <= threads; ++count) best = std::min(best, cost_of(count));
  int useful = 1;
  while (cost_of(useful) > kAsFast * best) ++useful;
  return useful;
}

WorkDivision::Assignment WorkDivision::assign(std::size_t micro_batches, int threads) const {
  const auto useful = static_cast<std::size_t>(useful_threads(micro_batches, threads));
  const std::size_t left = micro_batches % useful;
  const bool in_shares = left != 0 && cost_of_shares(left, useful) < cost(1, 1);
  if (!in_shares) return {.whole = micro_batches, .shares = 1};
  return {.whole = micro_batches - left, .shares = shares_of(left, useful)};
}

}  // namespace lockstep
