#include "framework/training/diagnosis/network_probe.hpp"

#include <algorithm>
#include <cmath>

#include "framework/graph/micro_batch_pass.hpp"
#include "framework/kernels/softmax.hpp"
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

// Of the lanes that carry samples, features [first, last).
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

// A batch on its way through a network, layer by layer.
class Probe {
 public:
  Probe(const Graph& graph, const ProbeRequest& request)
      : graph_(graph),
        request_(request),
        samples_(request.samples.size()),
        layout_(graph),
        plan_(graph, static_cast<Index>((samples_ + kLanes - 1) / kLanes * kLanes),
              PlanPurpose::diagnosis),
        pass_(plan_, layout_),
        scaled_(layout_.size()),
        gradients_(layout_.size()) {
    run();
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
  const ProbeRequest& request_;
  std::size_t samples_;
  ParameterLayout layout_;
  Plan plan_;
  MicroBatchPass pass_;
  std::vector<float> scaled_;
  std::vector<float> gradients_;
  double loss_ = 0;
  std::vector<ActivationFigures>
      activations_;  // of each value: the input, then each layer's output

  void run() {
    pass_.set_samples(samples_);
    std::vector<Index> lanes(pass_.input().lanes(), request_.samples.back());
    std::copy(request_.samples.begin(), request_.samples.end(), lanes.begin());
    request_.dataset.gather({.samples = lanes}, pass_.input());
    layout_.apply_scales(request_.parameters, scaled_);
    const PassContext context{.training = false, .samples = lanes};
    pass_.forward(scaled_, context);
    take_loss();
    pass_.backward(scaled_, gradients_, context);
    layout_.apply_scales(gradients_, gradients_);
    for (float& gradient : gradients_) gradient /= static_cast<float>(samples_);
  }

  void take_loss() {
    std::vector<std::uint8_t> labels;
    for (const Index sample : request_.samples) {
      labels.push_back(request_.dataset.labels()[static_cast<std::size_t>(sample)]);
    }
    std::vector<float> losses(pass_.output().lanes());
    softmax_cross_entropy({.logits = pass_.output(),
                           .labels = labels,
                           .label_smoothing = request_.label_smoothing,
                           .gradient = pass_.output_gradient(),
                           .losses = losses});
    for (std::size_t n = 0; n < samples_; ++n) loss_ += static_cast<double>(losses[n]);
    loss_ /= static_cast<double>(samples_);
  }

  ConstLaneView value(std::size_t number) const {
    return number == 0 ? ConstLaneView(pass_.input()) : pass_.output_of(number - 1);
  }

  void add_input(NetworkFigures& figures) const {
    const ConstLaneView input = value(0);
    const std::size_t channels =
        graph_.input_shape().rank() == 1 ? 1 : units_of(graph_.input_shape());
    const std::size_t features = input.features / channels;
    for (std::size_t c = 0; c < channels; ++c) {
      const Moments moments = moments_of(input, samples_, c * features, (c + 1) * features);
      figures.input_mean.push_back(moments.mean());
      figures.input_std.push_back(std::sqrt(moments.variance()));
    }
    figures.input_rms = activations_.front().rms;
  }

  void measure_activations() {
    activations_.push_back(activation_figures({.values = value(0), .samples = samples_}));
    for (std::size_t node = 0; node < graph_.nodes().size(); ++node) {
      const GraphNode& of = graph_.nodes()[node];
      activations_.push_back(activation_figures({.values = value(node + 1),
                                                 .samples = samples_,
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
    if (const ConstLaneView gradient = pass_.output_gradient_of(node)) {
      figures.gradient_rms = activation_figures({.values = gradient, .samples = samples_}).rms /
                             static_cast<double>(samples_);
    }
    add_parameters(node, figures);
    return figures;
  }

  void add_parameters(std::size_t node, LayerFigures& figures) const {
    for (std::size_t i = layout_.first_entry(node); i < layout_.first_entry(node + 1); ++i) {
      const ParameterEntry& entry = layout_.entries()[i];
      const auto values = layout_.view(std::span<const float>(scaled_), i);
      const auto gradient = layout_.view(std::span<const float>(gradients_), i);
      if (entry.name == "weight") {
        figures.weight_rms = root_mean_square(values);
        figures.weight_gradient_rms = root_mean_square(gradient);
        figures.has_equal_units = has_equal_units(values, gradient, units_of(entry.shape));
      } else if (entry.name == "bias") {
        Moments moments;
        for (const float x : values) moments.add(static_cast<double>(x));
        figures.bias_mean = moments.mean();
      }
    }
  }
};

}  // namespace

NetworkFigures probe_network(const Graph& graph, const ProbeRequest& request) {
  return Probe(graph, request).figures();
}

}  // namespace lockstep
