#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "experiments/check/signal_findings.hpp"
#include "experiments/text/figures.hpp"
#include "framework/schedules/schedule.hpp"

namespace lockstep {
namespace {

using Level = FindingLevel;

// The outcome of a trial, for the middle of a sentence.
std::string outcome(const TrialResult& trial) {
  if (!trial.is_finite) {
    return fmt::format("its numbers are no longer finite after {}", count_of(trial.steps, "step"));
  }
  return fmt::format("it ends with an accuracy of {} and a loss of {}", percent(trial.accuracy),
                     figure(trial.loss));
}

CheckFinding failed_trial(const CheckFacts& facts) {
  CheckFinding finding{
      .id = "no_learning",
      .where = "train",
      .measured = facts.trial.accuracy,
      .threshold = (facts.chance + facts.nearest_mean) / 2,
      .reason =
          "a network that learns is soon half way from guessing to the nearest class mean, "
          "which looks at raw pixels"};
  finding.message = fmt::format(
      "In a trial of 100 steps on batches of {} the network does not learn: {}; guessing reaches "
      "{} and {}, the nearest class mean {}.",
      facts.batch_size, outcome(facts.trial), percent(facts.chance), figure(facts.guessing_loss),
      percent(facts.nearest_mean));
  return finding;
}

CheckFinding broken(const CheckFacts& facts, Level level) {
  return {.id = "not_finite",
          .level = level,
          .where = facts.broken_layer.value_or("loss"),
          .measured = static_cast<double>(facts.trial.steps + 1),
          .threshold = 100,
          .reason = "steps that the trial should have",
          .message = fmt::format("At step {} of the trial numbers are no longer finite, first {}.",
                                 facts.trial.steps + 1,
                                 facts.broken_layer
                                     ? fmt::format("in the output of '{}'", *facts.broken_layer)
                                     : "in the loss or a gradient")};
}

const RateTrial* best_rate(const CheckFacts& facts) {
  const RateTrial* best = nullptr;
  for (const RateTrial& rate : facts.rates) {
    if (!facts.learns(rate.result)) continue;
    if (best == nullptr || rate.result.accuracy > best->result.accuracy) best = &rate;
  }
  return best;
}

CheckFinding wrong_rate(const CheckFacts& facts, const RateTrial& better) {
  const double peak = make_schedule(facts.config.learning_rate).peak();
  const bool high = better.peak < peak;
  CheckFinding finding{
      .id = high ? "rate_too_high" : "rate_too_low",
      .where = "learning_rate.peak",
      .measured = peak,
      .threshold = better.peak,
      .reason = "of the rates tried, a power of ten apart, the one whose trial ended best",
      .changes = {{"learning_rate.peak", fmt::format("{:.6g}", better.peak)}}};
  finding.message = fmt::format(
      "The learning rate is too {}: with a peak of {:.6g} the trial fails ({}), with {:.6g} {}. {}",
      high ? "high" : "low", peak, outcome(facts.trial), better.peak, outcome(better.result),
      in_words(finding.changes));
  return finding;
}

CheckFinding unrelated_labels(const CheckFacts& facts) {
  CheckFinding finding{
      .id = "shuffled_labels",
      .where = "data",
      .measured = facts.nearest_mean,
      .threshold = facts.chance,
      .reason =
          "if labels follow from images at all, the nearest class mean on raw pixels guesses "
          "better than chance (by four standard deviations)"};
  finding.message = fmt::format(
      "The labels do not seem to belong to the images: on {} unseen samples the nearest class mean "
      "is right for {}, guessing for {}, and the network learns nothing but single batches by "
      "heart{}. Look at a few images with their labels, and at "
      "what data.dataset and data.path name.",
      facts.nearest_samples, percent(facts.nearest_mean), percent(facts.chance),
      facts.one_batch ? fmt::format(" (a loss from {} to {})", figure(facts.one_batch->first_loss),
                                    figure(facts.one_batch->loss))
                      : "");
  return finding;
}

CheckFinding following(CheckFinding finding) {
  finding.level = Level::consequence;
  finding.message += " It follows from what is said above.";
  return finding;
}

CheckFinding unexplained(CheckFinding finding) {
  finding.message +=
      " None of the usual causes was found: look at the table for the layer where figures change, "
      "and try a smaller network or a longer run.";
  return finding;
}

}  // namespace

CheckFindings trial_findings(const CheckFacts& facts, const CheckFindings& before) {
  if (facts.learns(facts.trial)) return {};
  CheckFindings findings;
  bool explained = has_cause(before);
  if (!explained) {
    if (const RateTrial* const better = best_rate(facts)) {
      findings.push_back(wrong_rate(facts, *better));
      explained = true;
    } else if (!facts.inputs_tell_classes()) {
      findings.push_back(unrelated_labels(facts));
      explained = true;
    } else if (const auto sigmoids = shrinking_sigmoids(facts)) {
      findings.push_back(*sigmoids);
      explained = true;
    }
  }
  if (!facts.trial.is_finite) {
    findings.push_back(broken(facts, explained ? Level::consequence : Level::change));
  }
  findings.push_back(explained ? following(failed_trial(facts)) : unexplained(failed_trial(facts)));
  return findings;
}

}  // namespace lockstep
