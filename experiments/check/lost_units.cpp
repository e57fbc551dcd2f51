// Units that pass no gradient on: dead rectifiers, saturated squashing functions.

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "experiments/check/signal_findings.hpp"
#include "framework/training/diagnosis/activation_figures.hpp"

namespace lockstep {
namespace {

using Level = FindingLevel;

constexpr double kFarBias = 2;      // times the deviation that the weights cause
constexpr double kUsualSpread = 1;  // of outputs with good weights

struct LossOfUnits {
  std::string_view id;
  double LayerFigures::*share;
  double threshold;
  std::string_view reason;
  std::string_view weights;  ///< suitable initial weights; empty: depends on the layer's place
  std::string_view noun;
  std::string_view what;  ///< what is wrong with the units
};

constexpr std::array<LossOfUnits, 2> kLosses = {{
    {"dead_relus", &LayerFigures::dead_share, kDeadShare,
     "a rectifier that is never positive passes no gradient on, and what feeds it never changes "
     "(Maas et al. 2013)",
     "", "units", "are positive for no sample, so that nothing before them learns"},
    {"saturated", &LayerFigures::saturated_share, kSaturatedShare,
     "near its bounds a squashing function has hardly any slope left (Glorot and Bengio 2010, "
     "section 3)",
     "glorot_normal", "outputs", "lie within 2 % of a bound, where there is hardly any gradient"},
}};

bool kills(const LossOfUnits& loss, double bias, double spread) {
  return (loss.share == &LayerFigures::dead_share ? -bias : std::abs(bias)) > kFarBias * spread;
}

// Sets the bias of a layer that has one to 0.
AdvisedChange bias_of_zero(const GraphNode& node) {
  const ParameterSpec& bias = *tensor_of(node, ParameterRole::bias);
  return {layer_key(node.name, "init." + bias.name), "{type: constant, value: 0}"};
}

std::vector<AdvisedChange> weights_for(const CheckFacts& facts, const LossOfUnits& loss,
                                       std::size_t source) {
  return loss.weights.empty() ? better_weights(facts.graph, source)
                              : better_weights(facts.graph, source, loss.weights);
}

// What is wrong with the layer that feeds the units, whatever reaches it.
std::vector<AdvisedChange> own_causes(const CheckFacts& facts, const LossOfUnits& loss,
                                      std::size_t source) {
  const LayerFigures& layer = facts.network.layers[source];
  if (kills(loss, layer.bias_mean, std::max(layer.output_spread, kUsualSpread))) {
    return {bias_of_zero(facts.graph.nodes()[source])};
  }
  const double usual = good_weights(facts.graph, source).deviation;
  const bool saturates = !loss.weights.empty() && layer.weight_rms > kLargeWeights * usual;
  return saturates ? weights_for(facts, loss, source) : std::vector<AdvisedChange>{};
}

// The most likely cause that the experiment does not already rule out.
std::vector<AdvisedChange> likely_causes(const CheckFacts& facts, const LossOfUnits& loss,
                                         std::size_t source) {
  const LayerFigures& layer = facts.network.layers[source];
  if (kills(loss, layer.bias_mean, layer.output_spread))
    return {bias_of_zero(facts.graph.nodes()[source])};
  std::vector<AdvisedChange> weights = weights_for(facts, loss, source);
  if (!weights.empty()) return weights;
  const bool is_normalized =
      std::ranges::all_of(facts.network.input_mean, [](double mean) { return std::abs(mean) < 1; });
  if (!is_normalized) {
    return {better_normalization(facts.config.data, facts.network)};
  }
  return {{"seed", fmt::format("{}", facts.config.seed + 1)}};
}

}  // namespace

void add_lost_units(const CheckFacts& facts, CheckFindings& findings) {
  for (const LossOfUnits& loss : kLosses) {
    for (std::size_t node = 0; node < facts.graph.nodes().size(); ++node) {
      const LayerFigures& layer = facts.network.layers[node];
      const double share = layer.*loss.share;
      if (!(share >= loss.threshold)) continue;
      const bool is_first = !has_cause(findings);
      CheckFinding finding{.id = std::string(loss.id),
                           .where = layer.layer,
                           .measured = share,
                           .threshold = loss.threshold,
                           .reason = std::string(loss.reason)};
      const std::optional<std::size_t> source = source_of(facts.graph, node);
      if (source) finding.changes = own_causes(facts, loss, *source);
      if (source && is_first && finding.changes.empty()) {
        finding.changes = likely_causes(facts, loss, *source);
      }
      const bool is_cause = is_first || !finding.changes.empty();
      if (!is_cause) finding.level = Level::consequence;
      finding.message = fmt::format(
          "{:.0f} % of the {} of '{}' {}. {}", 100 * share, loss.noun, layer.layer, loss.what,
          is_cause ? in_words(finding.changes) : "It follows from what is said above.");
      findings.push_back(std::move(finding));
    }
  }
}

}  // namespace lockstep
