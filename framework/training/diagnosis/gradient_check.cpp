#include "framework/training/diagnosis/gradient_check.hpp"

#include <algorithm>
#include <cmath>

namespace lockstep {
namespace {

constexpr double kLossStep = 2e-4;     // by which the loss should change, to each side
constexpr double kLargestMove = 1e-2;  // of a tensor, as a share of its size
constexpr double kVisibleStep = 1e-5;  // a loss of 1 is rounded to about 1e-7, several times over

double norm_of(std::span<const float> values) {
  double sum = 0;
  for (const float x : values) sum += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(sum);
}

// The size that a tensor's moves are compared with, after a forward pass: its norm. A bias may be
// 0, so the norm of as many of its layer's outputs is used instead.
double size_of(const ExaminedBatch& batch, std::span<const float> parameters, std::size_t entry) {
  const ParameterLayout& layout = batch.layout();
  const ParameterEntry& place = layout.entries()[entry];
  if (place.role != ParameterRole::bias) return norm_of(layout.view(parameters, entry));
  const std::vector<PlannedStep>& steps = batch.plan().steps();
  const auto step = std::ranges::find_if(steps, [&](const PlannedStep& of) {
    return layout.first_entry(of.first_node) <= entry &&
           entry < layout.first_entry(of.first_node + 1);
  });
  const ConstLaneView output =
      batch.pass().output_of(static_cast<std::size_t>(step - steps.begin()));
  double sum = 0;
  for (std::size_t f = 0; f < output.features; ++f) sum += norm_of({output.at(f, 0), kLanes});
  const double mean =
      sum / (static_cast<double>(output.features) * std::sqrt(static_cast<double>(kLanes)));
  return mean * std::sqrt(static_cast<double>(place.size));
}

// How far to go along the gradient: far enough to change the loss visibly, but not so far that many
// rectifiers switch.
double distance_for(double gradient_norm, double size) {
  return std::min(kLossStep / gradient_norm, kLargestMove * size);
}

double slope_along(ExaminedBatch& batch, std::span<const float> parameters, std::size_t entry,
                   std::span<const float> gradient, double distance) {
  const ParameterEntry& place = batch.layout().entries()[entry];
  const double factor = distance / norm_of(gradient);
  const auto loss_at = [&](double sign) {
    std::vector<float> moved(parameters.begin(), parameters.end());
    for (std::size_t i = 0; i < place.size; ++i) {
      float& value = moved[place.offset + i];
      value = static_cast<float>(static_cast<double>(value) +
                                 sign * factor * static_cast<double>(gradient[i]));
    }
    return batch.loss(moved);
  };
  return (loss_at(1) - loss_at(-1)) / (2 * distance);
}

}  // namespace

double GradientCheck::error() const { return norm == 0 ? 0 : std::abs(slope - norm) / norm; }

std::vector<GradientCheck> check_gradients(const Graph& graph, const Examination& request) {
  ExaminedBatch batch(graph, request, PlanPurpose::training);
  batch.loss(request.parameters);
  std::vector<double> sizes;
  for (std::size_t entry = 0; entry < batch.layout().entries().size(); ++entry) {
    sizes.push_back(size_of(batch, request.parameters, entry));
  }
  const std::vector<float> gradients = batch.gradient();
  std::vector<GradientCheck> checks;
  for (std::size_t entry = 0; entry < batch.layout().entries().size(); ++entry) {
    const ParameterEntry& place = batch.layout().entries()[entry];
    const auto gradient = batch.layout().view(std::span<const float>(gradients), entry);
    GradientCheck check{.layer = place.layer, .tensor = place.name, .norm = norm_of(gradient)};
    const double distance = distance_for(check.norm, sizes[entry]);
    if (std::isfinite(distance) && check.norm * distance >= kVisibleStep) {
      check.slope = slope_along(batch, request.parameters, entry, gradient, distance);
    } else {
      check.slope = check.norm;
    }
    checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace lockstep
