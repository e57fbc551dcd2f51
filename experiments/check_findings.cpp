#include "experiments/check_findings.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "experiments/figures.hpp"
#include "framework/core/elementary.hpp"
#include "framework/training/activation_figures.hpp"

namespace lockstep {
namespace {

using Level = CheckFinding::Level;

constexpr double kLargestInput = 4;
constexpr double kSmallestInput = 0.02;
constexpr double kSmallestSignal = 1e-4;  // of the input's spread, at the output
constexpr double kLargestOutput = 5;
constexpr double kGradientError = 0.25;
constexpr double kSmallWeights = 0.3;  // of the standard deviation by He
constexpr double kLargeWeights = 3;

bool has(const CheckFindings& findings, std::string_view id) {
  return std::ranges::any_of(findings, [&](const CheckFinding& f) { return f.id == id; });
}

void add_input(const CheckFacts& facts, CheckFindings& findings) {
  const double rms = facts.network.input_rms;
  if (!std::isfinite(rms)) {
    findings.push_back({.id = "not_finite_input",
                        .where = "data",
                        .measured = rms,
                        .threshold = 0,
                        .reason = "nothing can be learned from NaN or infinity",
                        .message =
                            "The network's inputs are not all finite numbers: look for NaN and "
                            "infinity in the images, and at data.normalize."});
    return;
  }
  if (rms >= kSmallestInput && rms <= kLargestInput) return;
  const bool large = rms > kLargestInput;
  CheckFinding finding{
      .id = "unscaled_input",
      .where = "data.normalize",
      .measured = rms,
      .threshold = large ? kLargestInput : kSmallestInput,
      .reason =
          "initial weights are made for inputs of mean 0 and deviation 1 (LeCun et al. 1998, "
          "Efficient BackProp, 4.3); raw pixels of 0..1 are near enough",
      .changes = {better_normalization(facts.config.data.normalize, facts.network)}};
  finding.message = fmt::format(
      "The network's inputs are {}: their root mean square is {}, and initial weights are made for "
      "about 1. {}",
      large ? "far too large" : "almost nothing", figure(rms), in_words(finding.changes));
  findings.push_back(std::move(finding));
}

void add_equal_units(const CheckFacts& facts, CheckFindings& findings) {
  for (std::size_t node = 0; node < facts.graph.nodes().size(); ++node) {
    const LayerFigures& layer = facts.network.layers[node];
    if (!layer.has_equal_units || is_last(facts.graph, node)) continue;
    CheckFinding finding{.id = "equal_units",
                         .where = layer.layer,
                         .measured = layer.weight_rms,
                         .threshold = 0,
                         .reason =
                             "units with the same weights and the same gradients stay the same "
                             "for ever (Goodfellow et al. 2016, Deep Learning, 8.4)",
                         .changes = better_weights(facts.graph, node)};
    finding.message = fmt::format(
        "All units of '{}' start with the same weights and get the same gradients, so that they "
        "stay one unit (weights' root mean square {}). {}",
        layer.layer, figure(layer.weight_rms), in_words(finding.changes));
    findings.push_back(std::move(finding));
  }
}

// What a layer's units are lost by: too low a bias, or weights.
std::vector<AdvisedChange> revived(const CheckFacts& facts, std::size_t source) {
  const LayerFigures& layer = facts.network.layers[source];
  if (layer.bias_mean < -2 * layer.output_spread) {
    return {{layer_key(layer.layer, "init.bias"), "{type: constant, value: 0}"}};
  }
  return better_weights(facts.graph, source);
}

void add_dead_relus(const CheckFacts& facts, CheckFindings& findings) {
  bool is_first = !has(findings, "equal_units");
  for (std::size_t node = 0; node < facts.graph.nodes().size(); ++node) {
    const LayerFigures& layer = facts.network.layers[node];
    if (!(layer.dead_share >= kDeadShare)) continue;
    CheckFinding finding{.id = "dead_relus",
                         .level = is_first ? Level::change : Level::consequence,
                         .where = layer.layer,
                         .measured = layer.dead_share,
                         .threshold = kDeadShare,
                         .reason =
                             "a rectifier that is never positive passes no gradient on, and "
                             "what feeds it never changes (Maas et al. 2013)"};
    const std::optional<std::size_t> source = source_of(facts.graph, node);
    if (is_first && source) finding.changes = revived(facts, *source);
    finding.message = fmt::format(
        "{:.0f} % of the units of '{}' are positive for no sample, so that nothing before them "
        "learns. "
        "{}",
        100 * layer.dead_share, layer.layer,
        is_first ? in_words(finding.changes) : "It follows from what is said above.");
    findings.push_back(std::move(finding));
    is_first = false;
  }
}

void add_saturated(const CheckFacts& facts, CheckFindings& findings) {
  bool is_first = !has_cause(findings);
  for (std::size_t node = 0; node < facts.graph.nodes().size(); ++node) {
    const LayerFigures& layer = facts.network.layers[node];
    if (!(layer.saturated_share >= kSaturatedShare)) continue;
    CheckFinding finding{.id = "saturated",
                         .level = is_first ? Level::change : Level::consequence,
                         .where = layer.layer,
                         .measured = layer.saturated_share,
                         .threshold = kSaturatedShare,
                         .reason =
                             "near its bounds a squashing function has hardly any slope left "
                             "(Glorot and Bengio 2010, section 3)"};
    const std::optional<std::size_t> source = source_of(facts.graph, node);
    if (is_first && source) {
      finding.changes = better_weights(facts.graph, *source);
      finding.changes.front().value = "{type: glorot_normal}";
    }
    finding.message = fmt::format(
        "{:.0f} % of the outputs of '{}' lie within 2 % of a bound, where there is hardly any "
        "gradient. "
        "{}",
        100 * layer.saturated_share, layer.layer,
        is_first ? in_words(finding.changes) : "It follows from what is said above.");
    findings.push_back(std::move(finding));
    is_first = false;
  }
}

// From the output on: what is wrong there is wrong in all that lies before it.
void add_gradients(const CheckFacts& facts, CheckFindings& findings) {
  bool is_first = true;
  for (std::size_t i = facts.gradients.size(); i-- > 0;) {
    const GradientCheck& check = facts.gradients[i];
    if (check.error() < kGradientError) continue;
    findings.push_back(
        {.id = "wrong_gradient",
         .level = is_first ? Level::change : Level::consequence,
         .where = check.layer,
         .measured = check.error(),
         .threshold = kGradientError,
         .reason = "along its gradient the loss rises by the gradient's norm; central differences "
                   "tell that to some thousandths, kinks of rectifiers aside",
         .message = fmt::format(
             "The gradient of '{}' ({}) is not that of the loss: along it the loss should rise by "
             "{:.4g}, but rises by {:.4g}. {}",
             check.layer, check.tensor, check.norm, check.slope,
             is_first ? "Look at `backward` of this layer's type and of those right behind it."
                      : "It follows from what is said above.")});
    is_first = false;
  }
}

// How a layer's weights compare with those that keep a signal's size.
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
      "The initial weights of '{}' are {}: their root mean square is {}{}, and what keeps a signal "
      "as it is would be sqrt({} / {} inputs) = {}. {} {}",
      layer.layer, rule.size, figure(layer.weight_rms), scaled, good.gain, weight.fan_in,
      figure(good.deviation), rule.what, in_words(finding.changes));
  return finding;
}

// From the input on: the layers whose weights must change until enough arrives.
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
      .what = fmt::format("Of the difference between two images {:.1e} reaches the output, less "
                          "than {:.0e}.",
                          arriving, kSmallestSignal)};
  for (std::size_t node = 0; node < network.layers.size(); ++node) {
    if (weight_of(facts.graph.nodes()[node]) == nullptr || arriving >= kSmallestSignal) continue;
    const double relative = relative_weights(facts, node);
    if (relative >= kSmallWeights || relative == 0) continue;
    findings.push_back(wrong_weights(facts, node, rule));
    arriving /= relative;
  }
}

void add_exploding(const CheckFacts& facts, CheckFindings& findings) {
  const NetworkFigures& network = facts.network;
  double output = network.layers.back().output_rms;
  if (output <= kLargestOutput) return;
  const double guessing = elementary::log(static_cast<double>(facts.graph.output_shape().size()));
  const SignalRule rule{
      .id = "signal_explodes",
      .size = "too large",
      .measured = network.loss,
      .threshold = guessing,
      .reason =
          "before any training a network should be as unsure as guessing, a loss of ln(classes) "
          "(Karpathy 2019, A Recipe for Training Neural Networks), and variances should stay "
          "alike from layer to layer (He et al. 2015)",
      .what =
          fmt::format("The first loss is {}, where guessing costs ln({}) = {}.",
                      figure(network.loss), facts.graph.output_shape().size(), figure(guessing))};
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

bool has_cause(const CheckFindings& findings) {
  return std::ranges::any_of(findings,
                             [](const CheckFinding& f) { return f.level == Level::change; });
}

std::string_view to_string(Level level) {
  switch (level) {
    case Level::change:
      return "change";
    case Level::consequence:
      return "follows";
    case Level::note:
      break;
  }
  return "note";
}

CheckFindings initial_findings(const CheckFacts& facts) {
  CheckFindings findings;
  add_gradients(facts, findings);
  add_input(facts, findings);
  add_equal_units(facts, findings);
  add_dead_relus(facts, findings);
  add_saturated(facts, findings);
  add_vanishing(facts, findings);
  add_exploding(facts, findings);
  return findings;
}

}  // namespace lockstep
