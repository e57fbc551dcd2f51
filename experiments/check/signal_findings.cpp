#include "experiments/check/signal_findings.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "experiments/text/figures.hpp"

namespace lockstep {
namespace {

constexpr double kSmallestSignal = 1e-4;  // share of the input's spread that reaches the output
constexpr double kSmallWeights = 0.3;     // relative to He's standard deviation

bool has(const CheckFindings& findings, std::string_view id) {
  return std::ranges::any_of(findings, [&](const CheckFinding& f) { return f.id == id; });
}

// How a layer's weights compare with weights that keep a signal's size.
double relative_weights(const CheckFacts& facts, std::size_t node) {
  return facts.network.layers[node].weight_rms / good_weights(facts.graph, node).deviation;
}

struct SignalRule {
  std::string_view id;
  std::string_view size;  // "too small"
  double measured;
  double threshold;
  std::string_view reason;
  std::string what;  // measured, in a sentence
};

CheckFinding wrong_weights(const CheckFacts& facts, std::size_t node, const SignalRule& rule) {
  const LayerFigures& layer = facts.network.layers[node];
  const GoodWeights good = good_weights(facts.graph, node);
  const ParameterSpec& weight = *weight_of(facts.graph.nodes()[node]);
  CheckFinding finding{.id = std::string(rule.id),
                       .where = layer.layer,
                       .measured = rule.measured,
                       .threshold = rule.threshold,
                       .reason = std::string(rule.reason),
                       .changes = better_weights(facts.graph, node)};
  const std::string scaled =
      weight.scale == 1.0F ? "" : fmt::format(" (weight_scale {} included)", weight.scale);
  finding.message = fmt::format(
      "The initial weights of '{}' are {}: their root mean square is {}{}, but it takes sqrt({} / "
      "{} inputs) = {} to keep a signal's size. {} {}",
      layer.layer, rule.size, figure(layer.weight_rms), scaled, good.gain, weight.fan_in,
      figure(good.deviation), rule.what, in_words(finding.changes));
  return finding;
}

// Goes from the input on and collects layers whose weights must change, until enough of the signal
// arrives.
void add_vanishing(const CheckFacts& facts, CheckFindings& findings) {
  const NetworkFigures& network = facts.network;
  const double at_input = network.layers.front().input_spread;
  double arriving = network.layers.back().output_spread / at_input;
  if (at_input == 0 || arriving == 0 || !(arriving < kSmallestSignal)) return;
  const SignalRule rule{
      .id = "signal_vanishes",
      .size = "too small",
      .measured = arriving,
      .threshold = kSmallestSignal,
      .reason =
          "variances should stay alike from layer to layer (He et al. 2015, section 2.2; "
          "Glorot and Bengio 2010); what is left of the difference between two images would "
          "drown in the first updates of the biases",
      .what = fmt::format(
          "Only {:.1e} of the difference between two images reaches the output, less than {:.0e}.",
          arriving, kSmallestSignal)};
  for (std::size_t node = 0; node < network.layers.size(); ++node) {
    if (weight_of(facts.graph.nodes()[node]) == nullptr || arriving >= kSmallestSignal) continue;
    const double relative = relative_weights(facts, node);
    if (relative >= kSmallWeights || relative == 0) continue;
    findings.push_back(wrong_weights(facts, node, rule));
    arriving /= relative;
  }
  if (arriving >= kSmallestSignal) return;
  if (auto sigmoids = shrinking_sigmoids(facts)) findings.push_back(std::move(*sigmoids));
}

void add_exploding(const CheckFacts& facts, CheckFindings& findings) {
  const NetworkFigures& network = facts.network;
  double output = network.layers.back().output_rms;
  if (output <= kLargestOutput) return;
  const SignalRule rule{
      .id = "signal_explodes",
      .size = "too large",
      .measured = network.loss,
      .threshold = facts.guessing_loss,
      .reason =
          "before any training a network should be as unsure as guessing (Karpathy 2019, A Recipe "
          "for Training Neural Networks), and variances should stay alike from layer to layer (He "
          "et al. 2015)",
      .what = fmt::format("The first loss is {}, where guessing among {} classes costs {}.",
                          figure(network.loss), facts.graph.output_shape().size(),
                          figure(facts.guessing_loss))};
  if (has(findings, "unscaled_input")) output /= network.input_rms;
  for (std::size_t node = 0; node < network.layers.size(); ++node) {
    if (weight_of(facts.graph.nodes()[node]) == nullptr || output <= kLargestOutput) continue;
    const double relative = relative_weights(facts, node);
    if (!(relative > kLargeWeights)) continue;
    findings.push_back(wrong_weights(facts, node, rule));
    output /= relative;
  }
}

}  // namespace

std::optional<CheckFinding> shrinking_sigmoids(const CheckFacts& facts) {
  const std::vector<AdvisedChange> changes = without_sigmoids(facts.graph);
  if (changes.empty()) return std::nullopt;
  const NetworkFigures& network = facts.network;
  const auto first = std::ranges::find(network.layers, "sigmoid", &LayerFigures::type);
  CheckFinding finding{
      .id = "signal_vanishes",
      .where = first->layer,
      .measured = network.layers.back().output_spread / network.layers.front().input_spread,
      .threshold = kSmallestSignal,
      .reason =
          "a sigmoid's slope is at most 1/4, and its outputs are never below 0 (LeCun et al. 1998, "
          "Efficient BackProp, 4.4; Glorot and Bengio 2010)",
      .changes = changes};
  finding.message = fmt::format(
      "Only {:.1e} of the difference between two images reaches the output, because each sigmoid "
      "leaves at most a quarter of it ('{}': {} to {}). {}",
      finding.measured, first->layer, figure(first->input_spread), figure(first->output_spread),
      in_words(finding.changes));
  return finding;
}

void add_wrong_signal(const CheckFacts& facts, CheckFindings& findings) {
  add_vanishing(facts, findings);
  add_exploding(facts, findings);
}

}  // namespace lockstep
