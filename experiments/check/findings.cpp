#include "experiments/check/findings.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "experiments/check/signal_findings.hpp"
#include "experiments/text/figures.hpp"

namespace lockstep {
namespace {

using Level = FindingLevel;

constexpr double kLargestInput = 4;
constexpr double kSmallestInput = 0.02;
constexpr double kGradientError = 0.25;

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
  if (std::ranges::max(facts.network.input_std) == 0) {
    findings.push_back({.id = "constant_input",
                        .where = "data",
                        .measured = rms,
                        .threshold = 0,
                        .reason = "what is the same in all images tells no class",
                        .message =
                            "All pixels of all images have the same value: look at the images, and "
                            "at what data.dataset and data.path name."});
    return;
  }
  const bool large = rms > kLargestInput;
  CheckFinding finding{
      .id = "unscaled_input",
      .where = "data.normalize",
      .measured = rms,
      .threshold = large ? kLargestInput : kSmallestInput,
      .reason =
          "initial weights are made for inputs of mean 0 and deviation 1 (LeCun et al. 1998, "
          "Efficient BackProp, 4.3); raw pixels of 0..1 are near enough",
      .changes = {better_normalization(facts.config.data, facts.network)}};
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

// Starts at the output: a mistake there makes the gradients of all earlier layers wrong.
void add_gradients(const CheckFacts& facts, CheckFindings& findings) {
  // At such outputs the loss is so steep and has so many kinks that differences show nothing.
  if (facts.network.layers.back().output_rms > kLargestOutput) return;
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
             is_first ? "Check `backward` of this layer's type and of the layers right after it."
                      : "It follows from what is said above.")});
    is_first = false;
  }
}

}  // namespace

bool has_cause(const CheckFindings& findings) {
  return std::ranges::any_of(findings,
                             [](const CheckFinding& f) { return f.level == Level::change; });
}

CheckFindings initial_findings(const CheckFacts& facts) {
  CheckFindings findings;
  add_gradients(facts, findings);
  add_input(facts, findings);
  add_equal_units(facts, findings);
  add_lost_units(facts, findings);
  add_wrong_signal(facts, findings);
  return findings;
}

}  // namespace lockstep
