#include "framework/training/network_probe.hpp"

#include <algorithm>
#include <cmath>

#include "framework/graph/micro_batch_pass.hpp"
#include "framework/kernels/softmax.hpp"

namespace lockstep {
namespace {

double square(double x) { return x * x; }

double root_mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += square(static_cast<double>(value));
  return std::sqrt(sum / static_cast<double>(values.size()));
}

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
  double rms() const { return std::sqrt(squares / count); }
  double variance() const { return std::max(0.0, squares / count - square(mean())); }
};

template <class Function>
void for_each_sample(const ConstLaneView& view, std::size_t feature, std::size_t samples,
                     const Function& function) {
  for (std::size_t n = 0; n < samples; ++n) {
    function(static_cast<double>(view.at(feature, n / kLanes)[n % kLanes]));
  }
}

// Of the lanes that carry samples, features [first, last).
Moments moments_of(const ConstLaneView& view, std::size_t samples, std::size_t first,
                   std::size_t last) {
  Moments moments;
  for (std::size_t f = first; f < last; ++f) {
    for_each_sample(view, f, samples, [&](double x) { moments.add(x); });
  }
  return moments;
}

double root_mean_square(const ConstLaneView& view, std::size_t samples) {
  return moments_of(view, samples, 0, view.features).rms();
}

double variance_between_samples(const ConstLaneView& view, std::size_t samples) {
  double sum = 0;
  for (std::size_t f = 0; f < view.features; ++f) {
    sum += moments_of(view, samples, f, f + 1).variance();
  }
  return sum / static_cast<double>(view.features);
}

std::size_t units_of(const Shape& shape) { return static_cast<std::size_t>(shape[0]); }

double dead_share(const ConstLaneView& view, std::size_t samples, std::size_t units) {
  const std::size_t features = view.features / units;
  std::size_t dead = 0;
  for (std::size_t unit = 0; unit < units; ++unit) {
    if (!(moments_of(view, samples, unit * features, (unit + 1) * features).squares > 0)) ++dead;
  }
  return static_cast<double>(dead) / static_cast<double>(units);
}

double share_outside(const ConstLaneView& view, std::size_t samples, double low, double high) {
  double outside = 0;
  for (std::size_t f = 0; f < view.features; ++f) {
    for_each_sample(view, f, samples, [&](double x) { outside += x < low || x > high ? 1 : 0; });
  }
  return outside / static_cast<double>(view.features * samples);
}

bool has_equal_rows(std::span<const float> tensor, std::size_t rows) {
  const std::size_t size = tensor.size() / rows;
  for (std::size_t row = 1; row < rows; ++row) {
    const auto other = tensor.subspan(row * size, size);
    if (!std::equal(other.begin(), other.end(), tensor.begin())) return false;
  }
  return rows > 1;
}

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
    figures.input_rms = root_mean_square(input, samples_);
  }

  LayerFigures layer(std::size_t node) const {
    const GraphNode& of = graph_.nodes()[node];
    const ConstLaneView output = value(node + 1);
    LayerFigures figures{.layer = of.name, .type = of.type};
    double variance = 0;
    for (const std::size_t input : of.inputs) {
      variance += variance_between_samples(value(input), samples_);
    }
    figures.input_spread = std::sqrt(variance / static_cast<double>(of.inputs.size()));
    figures.output_spread = std::sqrt(variance_between_samples(output, samples_));
    figures.output_rms = root_mean_square(output, samples_);
    figures.is_finite = std::isfinite(figures.output_rms);
    if (const ConstLaneView gradient = pass_.output_gradient_of(node)) {
      figures.gradient_rms = root_mean_square(gradient, samples_) / static_cast<double>(samples_);
    }
    if (of.type == "relu") {
      figures.dead_share = dead_share(output, samples_, units_of(of.output_shape));
    }
    if (of.type == "tanh") figures.saturated_share = share_outside(output, samples_, -0.98, 0.98);
    if (of.type == "sigmoid") figures.saturated_share = share_outside(output, samples_, 0.02, 0.98);
    add_parameters(node, figures);
    return figures;
  }

  void add_parameters(std::size_t node, LayerFigures& figures) const {
    for (std::size_t i = layout_.first_entry(node); i < layout_.first_entry(node + 1); ++i) {
      const ParameterEntry& entry = layout_.entries()[i];
      const auto values = layout_.view(std::span<const float>(scaled_), i);
      const auto gradient = layout_.view(std::span<const float>(gradients_), i);
      if (entry.name == "weight") {
        const std::size_t rows = units_of(entry.shape);
        figures.weight_rms = root_mean_square(values);
        figures.weight_gradient_rms = root_mean_square(gradient);
        figures.has_equal_units = has_equal_rows(values, rows) && has_equal_rows(gradient, rows);
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
