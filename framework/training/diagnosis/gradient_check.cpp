#include "framework/training/diagnosis/gradient_check.hpp"

#include <algorithm>
#include <cmath>

#include "framework/graph/micro_batch_pass.hpp"
#include "framework/kernels/softmax.hpp"

namespace lockstep {
namespace {

constexpr double kLossStep = 2e-4;     // that the loss is to change by, to each side
constexpr double kLargestMove = 1e-2;  // of a tensor, as a part of its size
constexpr double kVisibleStep = 1e-5;  // a loss of 1 is rounded to 1e-7, some times over

double norm_of(std::span<const float> values) {
  double sum = 0;
  for (const float x : values) sum += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(sum);
}

// A batch whose loss can be had for any parameters.
class Batch {
 public:
  Batch(const Graph& graph, const GradientCheckRequest& request)
      : request_(request),
        samples_(request.samples.size()),
        layout_(graph),
        plan_(graph, static_cast<Index>((samples_ + kLanes - 1) / kLanes * kLanes),
              PlanPurpose::training),
        pass_(plan_, layout_),
        scaled_(layout_.size()) {
    pass_.set_samples(samples_);
    lanes_.assign(pass_.input().lanes(), request.samples.back());
    std::copy(request.samples.begin(), request.samples.end(), lanes_.begin());
    losses_.resize(lanes_.size());
    for (const Index sample : request.samples) {
      labels_.push_back(request.dataset.labels()[static_cast<std::size_t>(sample)]);
    }
  }

  const ParameterLayout& layout() const { return layout_; }

  double loss(std::span<const float> parameters) {
    layout_.apply_scales(parameters, scaled_);
    request_.dataset.gather({.samples = lanes_}, pass_.input());
    pass_.forward(scaled_, context());
    softmax_cross_entropy({.logits = pass_.output(),
                           .labels = labels_,
                           .label_smoothing = request_.label_smoothing,
                           .gradient = pass_.output_gradient(),
                           .losses = losses_});
    double sum = 0;
    for (std::size_t n = 0; n < samples_; ++n) sum += static_cast<double>(losses_[n]);
    return sum / static_cast<double>(samples_);
  }

  // What a tensor's moves are measured by, after `loss`: its norm, or for a bias, whose own may be
  // 0, that of as many of its layer's outputs.
  double size_of(std::size_t entry) const {
    const ParameterEntry& place = layout_.entries()[entry];
    if (place.axis_order != "O") {
      return norm_of(layout_.view(request_.parameters, entry));
    }
    const auto step = std::ranges::find_if(plan_.steps(), [&](const PlannedStep& of) {
      return layout_.first_entry(of.first_node) <= entry &&
             entry < layout_.first_entry(of.first_node + 1);
    });
    const ConstLaneView output =
        pass_.output_of(static_cast<std::size_t>(step - plan_.steps().begin()));
    double sum = 0;
    for (std::size_t f = 0; f < output.features; ++f) sum += norm_of({output.at(f, 0), kLanes});
    const double mean =
        sum / (static_cast<double>(output.features) * std::sqrt(static_cast<double>(kLanes)));
    return mean * std::sqrt(static_cast<double>(place.size));
  }

  // Of the mean loss by the stored parameters.
  std::vector<float> gradient(std::span<const float> parameters) {
    std::vector<float> gradients(layout_.size());
    loss(parameters);
    pass_.backward(scaled_, gradients, context());
    layout_.apply_scales(gradients, gradients);
    for (float& gradient : gradients) gradient /= static_cast<float>(samples_);
    return gradients;
  }

 private:
  GradientCheckRequest request_;
  std::size_t samples_;
  ParameterLayout layout_;
  Plan plan_;
  MicroBatchPass pass_;
  std::vector<float> scaled_;
  std::vector<Index> lanes_;
  std::vector<std::uint8_t> labels_;
  std::vector<float> losses_;

  PassContext context() const { return {.training = false, .samples = lanes_}; }
};

// How far to go along the gradient: far enough for the loss, but not so far that many rectifiers
// change their side.
double distance_for(double gradient_norm, double size) {
  return std::min(kLossStep / gradient_norm, kLargestMove * size);
}

double slope_along(Batch& batch, std::span<const float> parameters, std::size_t entry,
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

std::vector<GradientCheck> check_gradients(const Graph& graph,
                                           const GradientCheckRequest& request) {
  Batch batch(graph, request);
  const std::vector<float> gradients = batch.gradient(request.parameters);
  std::vector<GradientCheck> checks;
  for (std::size_t entry = 0; entry < batch.layout().entries().size(); ++entry) {
    const ParameterEntry& place = batch.layout().entries()[entry];
    const auto gradient = batch.layout().view(std::span<const float>(gradients), entry);
    GradientCheck check{.layer = place.layer, .tensor = place.name, .norm = norm_of(gradient)};
    const double distance = distance_for(check.norm, batch.size_of(entry));
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
