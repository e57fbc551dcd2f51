#include "framework/training/diagnosis/network_probe.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "framework/training/diagnosis/activation_figures.hpp"
#include "framework/training/diagnosis/weight_figures.hpp"

namespace lockstep {
namespace {

struct Moments {
  double sum = 0;
  double squares = 0;
  double count = 0;

  void add(double x) {
    sum += x;
    squares += x * x;
    ++count;
  }
  double mean() const { return sum / count; }
  double variance() const { return std::max(0.0, squares / count - mean() * mean()); }
};

// Moments of features [first, last) in the lanes that carry samples.
Moments moments_of(const ConstLaneView& view, std::size_t samples, std::size_t first,
                   std::size_t last) {
  Moments moments;
  for (std::size_t f = first; f < last; ++f) {
    for (std::size_t n = 0; n < samples; ++n) {
      moments.add(static_cast<double>(view.at(f, n / kLanes)[n % kLanes]));
    }
  }
  return moments;
}

std::size_t units_of(const Shape& shape) { return static_cast<std::size_t>(shape[0]); }

// One batch on its way through a network, layer by layer.
class Probe {
 public:
  Probe(const Graph& graph, const Examination& request)
      : graph_(graph),
        batch_(graph, request, PlanPurpose::diagnosis),
        loss_(batch_.loss(request.parameters)),
        gradients_(batch_.gradient()) {
    measure_activations();
  }

  NetworkFigures figures() const {
    NetworkFigures figures;
    figures.loss = loss_;
    add_input(figures);
    for (std::size_t node = 0; node < graph_.nodes().size(); ++node) {
      figures.layers.push_back(layer(node));
    }
    return figures;
  }

 private:
  const Graph& graph_;
  ExaminedBatch batch_;
  double loss_;
  std::vector<float> gradients_;
  std::vector<ActivationFigures>
      activations_;  // of each value: the input, then the output of each layer

  ConstLaneView value(std::size_t number) const {
    return number == 0 ? ConstLaneView(batch_.pass().input()) : batch_.pass().output_of(number - 1);
  }

  void add_input(NetworkFigures& figures) const {
    const ConstLaneView input = value(0);
    const std::size_t channels =
        graph_.input_shape().rank() == 1 ? 1 : units_of(graph_.input_shape());
    const std::size_t features = input.features / channels;
    for (std::size_t c = 0; c < channels; ++c) {
      const Moments moments = moments_of(input, batch_.samples(), c * features, (c + 1) * features);
      figures.input_mean.push_back(moments.mean());
      figures.input_std.push_back(std::sqrt(moments.variance()));
    }
    figures.input_rms = activations_.front().rms;
  }

  void measure_activations() {
    activations_.push_back(activation_figures({.values = value(0), .samples = batch_.samples()}));
    for (std::size_t node = 0; node < graph_.nodes().size(); ++node) {
      const GraphNode& of = graph_.nodes()[node];
      activations_.push_back(activation_figures({.values = value(node + 1),
                                                 .samples = batch_.samples(),
                                                 .type = of.type,
                                                 .units = units_of(of.output_shape)}));
    }
  }

  LayerFigures layer(std::size_t node) const {
    const GraphNode& of = graph_.nodes()[node];
    const ActivationFigures& output = activations_[node + 1];
    double variance = 0;
    for (const std::size_t input : of.inputs)
      variance += activations_[input].spread * activations_[input].spread;
    LayerFigures figures{
        .layer = of.name,
        .type = of.type,
        .input_spread = std::sqrt(variance / static_cast<double>(of.inputs.size())),
        .output_spread = output.spread,
        .output_rms = output.rms,
        .dead_share = output.dead_share,
        .saturated_share = output.saturated_share,
        .is_finite = std::isfinite(output.rms)};
    if (const ConstLaneView gradient = batch_.pass().output_gradient_of(node)) {
      figures.gradient_rms =
          activation_figures({.values = gradient, .samples = batch_.samples()}).rms /
          static_cast<double>(batch_.samples());
    }
    add_parameters(node, figures);
    return figures;
  }

  void add_parameters(std::size_t node, LayerFigures& figures) const {
    const ParameterLayout& layout = batch_.layout();
    if (const std::optional<std::size_t> weight = layout.weight_entry(node)) {
      const auto values = layout.view(batch_.scaled(), *weight);
      const auto gradient = layout.view(std::span<const float>(gradients_), *weight);
      figures.weight_rms = root_mean_square(values);
      figures.weight_gradient_rms = root_mean_square(gradient);
      const ParameterEntry& entry = layout.entries()[*weight];
      figures.has_equal_units = entry.role == ParameterRole::weight &&
                                has_equal_units(values, gradient, units_of(entry.shape));
    }
    for (std::size_t i = layout.first_entry(node); i < layout.first_entry(node + 1); ++i) {
      if (layout.entries()[i].role != ParameterRole::bias) continue;
      Moments moments;
      for (const float x : layout.view(batch_.scaled(), i)) moments.add(static_cast<double>(x));
      figures.bias_mean = moments.mean();
    }
  }
};

}  // namespace

NetworkFigures probe_network(const Graph& graph, const Examination& request) {
  return Probe(graph, request).figures();
}

}  // namespace lockstep
