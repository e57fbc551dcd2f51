#include "experiments/check/report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/text/figures.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

std::string small_figure(double value) {
  return std::isnan(value) ? "" : fmt::format("{:.3g}", value);
}

std::string share(double value) {
  return std::isnan(value) ? "" : fmt::format("{:.0f} %", 100 * value);
}

std::string row(std::string_view layer, std::string_view output, std::string_view gradient,
                std::string_view weight, std::string_view off, std::string_view update) {
  std::string text = fmt::format("{:<16}{:>12}{:>15}{:>13}{:>8}{:>16}", shortened(layer, 16),
                                 output, gradient, weight, off, update);
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

// The share of dead units of a rectifier, or of saturated outputs of a squashing function.
std::string off_share(const LayerFigures& layer) {
  return share(std::isnan(layer.dead_share) ? layer.saturated_share : layer.dead_share);
}

void add_layers(const CheckFacts& facts, std::vector<ReportLine>& lines) {
  lines.push_back(
      {row("layer", "output rms", "gradient rms", "weight rms", "dead", "update/weight"), true});
  lines.push_back({row("input", small_figure(facts.network.input_rms), "", "", "", "")});
  for (std::size_t i = 0; i < facts.network.layers.size(); ++i) {
    const LayerFigures& layer = facts.network.layers[i];
    lines.push_back({row(layer.layer, small_figure(layer.output_rms),
                         small_figure(layer.gradient_rms), small_figure(layer.weight_rms),
                         off_share(layer), small_figure(facts.trial.update_ratios[i]))});
  }
}

std::string trial_line(const TrialResult& trial) {
  if (!trial.is_finite) return fmt::format("not finite after {}", count_of(trial.steps, "step"));
  return fmt::format("loss {} to {}, accuracy {}", figure(trial.first_loss), figure(trial.loss),
                     percent(trial.accuracy));
}

void add_trials(const CheckFacts& facts, std::vector<ReportLine>& lines) {
  add_wrapped("loss",
              fmt::format("{} with the initial weights; guessing among {} classes costs {}.",
                          figure(facts.network.loss), facts.graph.output_shape().size(),
                          figure(facts.guessing_loss)),
              lines);
  add_wrapped("trial",
              fmt::format("100 steps on batches of {}: {} (guessing {}, nearest class mean {}).",
                          facts.batch_size, trial_line(facts.trial), percent(facts.chance),
                          percent(facts.nearest_mean)),
              lines);
  if (!facts.one_batch) return;
  add_wrapped("batch", fmt::format("100 steps on one batch: {}.", trial_line(*facts.one_batch)),
              lines);
}

Json trial_json(const TrialResult& trial) {
  return {{"steps", trial.steps},
          {"first_loss", trial.first_loss},
          {"loss", trial.loss},
          {"accuracy", trial.accuracy},
          {"finite", trial.is_finite}};
}

Json layers_json(const CheckFacts& facts) {
  Json all = Json::array();
  for (std::size_t i = 0; i < facts.network.layers.size(); ++i) {
    const LayerFigures& layer = facts.network.layers[i];
    all.push_back({{"name", layer.layer},
                   {"type", layer.type},
                   {"output_rms", layer.output_rms},
                   {"output_spread", layer.output_spread},
                   {"input_spread", layer.input_spread},
                   {"gradient_rms", layer.gradient_rms},
                   {"weight_rms", layer.weight_rms},
                   {"weight_gradient_rms", layer.weight_gradient_rms},
                   {"dead_share", layer.dead_share},
                   {"saturated_share", layer.saturated_share},
                   {"update_ratio", facts.trial.update_ratios[i]}});
  }
  return all;
}

Json gradients_json(const CheckFacts& facts) {
  Json all = Json::array();
  for (const GradientCheck& check : facts.gradients) {
    all.push_back({{"layer", check.layer},
                   {"tensor", check.tensor},
                   {"norm", check.norm},
                   {"slope", check.slope},
                   {"error", check.error()}});
  }
  return all;
}

Json finding_json(const CheckFinding& finding) {
  Json overrides = Json::array();
  for (const AdvisedChange& change : finding.changes) overrides.push_back(change.text());
  const bool advises = !finding.changes.empty();
  return {{"id", finding.id},
          {"level", to_string(finding.level)},
          {"where", finding.where},
          {"measured", finding.measured},
          {"threshold", finding.threshold},
          {"reason", finding.reason},
          {"key", advises ? Json(finding.changes.front().key) : Json()},
          {"value", advises ? Json(finding.changes.front().value) : Json()},
          {"overrides", std::move(overrides)},
          {"message", finding.message}};
}

std::string summary(const CheckFindings& findings) {
  return to_change(std::ranges::count(findings, FindingLevel::change, &CheckFinding::level));
}

void add_advice(const CheckResults& results, std::vector<ReportLine>& lines) {
  if (results.advice.empty()) return;
  if (results.with_advice) {
    lines.push_back({""});
    add_wrapped("then",
                fmt::format("With {} the trial: {}{}.",
                            results.advice.size() == 1 ? "this change" : "these changes",
                            trial_line(*results.with_advice),
                            results.facts.learns(*results.with_advice)
                                ? ""
                                : ", which is not enough: check again with them"),
                lines);
  }
  lines.push_back({""});
  lines.push_back({results.command});
}

}  // namespace

std::vector<ReportLine> check_lines(const CheckResults& results) {
  std::vector<ReportLine> lines;
  add_layers(results.facts, lines);
  lines.push_back({""});
  add_trials(results.facts, lines);
  if (!results.findings.empty()) lines.push_back({""});
  for (const CheckFinding& finding : results.findings) {
    add_wrapped(to_string(finding.level), finding.message, lines);
  }
  add_advice(results, lines);
  lines.push_back({""});
  lines.push_back({summary(results.findings), true});
  return lines;
}

std::string check_json(const CheckResults& results) {
  const CheckFacts& facts = results.facts;
  Json findings = Json::array();
  for (const CheckFinding& finding : results.findings) findings.push_back(finding_json(finding));
  const Json document{
      {"experiment", facts.config.name},
      {"findings", std::move(findings)},
      {"overrides", results.advice},
      {"loss", facts.network.loss},
      {"guessing_loss", facts.guessing_loss},
      {"guessing_accuracy", facts.chance},
      {"nearest_mean_accuracy", facts.nearest_mean},
      {"input",
       {{"rms", facts.network.input_rms},
        {"mean", facts.network.input_mean},
        {"std", facts.network.input_std}}},
      {"layers", layers_json(facts)},
      {"gradients", gradients_json(facts)},
      {"trial", trial_json(facts.trial)},
      {"one_batch", facts.one_batch ? trial_json(*facts.one_batch) : Json()},
      {"trial_with_overrides", results.with_advice ? trial_json(*results.with_advice) : Json()}};
  return document.dump(2);
}

}  // namespace lockstep
