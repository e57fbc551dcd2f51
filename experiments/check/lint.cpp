#include "experiments/check/lint.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/text/figures.hpp"
#include "framework/schedules/schedule.hpp"

namespace lockstep {
namespace {

using Level = FindingLevel;

constexpr Index kSmallestMicroBatch = 16;

Index steps_of(const LintFacts& facts) {
  return total_steps(facts.config.train, facts.training.size());
}

// Appends the advice to the message.
void add(CheckFindings& findings, CheckFinding finding) {
  if (!finding.changes.empty()) finding.message += " " + in_words(finding.changes);
  findings.push_back(std::move(finding));
}

void add_schedule(const LintFacts& facts, CheckFindings& findings) {
  const Schedule schedule = make_schedule(facts.config.learning_rate);
  const Index steps = steps_of(facts);
  const Index warmup = schedule.warmup_steps(steps);
  if (warmup >= steps) {
    add(findings,
        {.id = "warmup_without_end",
         .where = "learning_rate.warmup",
         .measured = static_cast<double>(warmup),
         .threshold = static_cast<double>(steps),
         .reason = "the rate reaches its peak when warm-up is over",
         .changes = {{"learning_rate.warmup", "0.1"}},
         .message = fmt::format("Warm-up takes {} of a run of {}, so that the rate never reaches "
                                "its peak.",
                                count_of(warmup, "step"), count_of(steps, "step"))});
  }
  const auto fall = schedule.curve().first_fall();
  if (!fall || fall->step + warmup < steps) return;
  const std::string key = fmt::format("learning_rate.{}", fall->key);
  // A constant schedule, if the run is too short for any drop.
  const AdvisedChange change =
      steps - warmup > 1
          ? AdvisedChange{key, fmt::format("{}", std::max<Index>(1, (steps - warmup) / 3))}
          : AdvisedChange{"learning_rate",
                          fmt::format("{{schedule: constant, peak: {:.6g}}}", schedule.peak())};
  add(findings,
      {.id = "schedule_never_fires",
       .where = key,
       .measured = static_cast<double>(fall->step),
       .threshold = static_cast<double>(steps - warmup),
       .reason = "steps after warm-up at which the rate falls first",
       .changes = {change},
       .message = fmt::format(
           "The rate would first fall after {}, but the run has only {}, so it never changes.",
           count_of(fall->step + warmup, "step"), count_of(steps, "step"))});
}

void add_rhythm(const LintFacts& facts, std::string_view section, const Rhythm& rhythm,
                CheckFindings& findings) {
  const Index steps = steps_of(facts);
  const Index per_epoch =
      (facts.training.size() + facts.config.train.batch_size - 1) / facts.config.train.batch_size;
  const double period = rhythm.every_steps > 0
                            ? static_cast<double>(rhythm.every_steps)
                            : rhythm.every_epochs * static_cast<double>(per_epoch);
  if (period <= static_cast<double>(steps)) return;  // never was asked for, with 0
  add(findings,
      {.id = fmt::format("{}_never_due", section),
       .level = Level::note,
       .where = std::string(section),
       .measured = period,
       .threshold = static_cast<double>(steps),
       .reason = "steps of the run",
       .message = fmt::format(
           "{}.every_{} is longer than the run of {}, so it happens only after the last step.",
           section, rhythm.every_steps > 0 ? "steps" : "epochs", count_of(steps, "step"))});
}

void add_batch(const LintFacts& facts, CheckFindings& findings) {
  const Index batch = facts.config.train.batch_size;
  const Index samples = facts.training.size();
  if (batch <= samples) return;
  const auto tenth = static_cast<std::uint64_t>(std::max<Index>(1, samples / 10));
  add(findings,
      {.id = "batch_larger_than_data",
       .where = "train.batch_size",
       .measured = static_cast<double>(batch),
       .threshold = static_cast<double>(samples),
       .reason = "an epoch of one step is plain gradient descent, which takes far more epochs",
       .changes = {{"train.batch_size", fmt::format("{}", std::bit_floor(tenth))}},
       .message =
           fmt::format("A batch of {} is larger than the training set, which has {} samples.",
                       thousands(batch), thousands(samples))});
}

void add_workers(const LintFacts& facts, CheckFindings& findings) {
  const TrainConfig& train = facts.config.train;
  const Index pieces = (train.batch_size + train.micro_batch - 1) / train.micro_batch;
  if (pieces >= facts.workers || train.micro_batch == kSmallestMicroBatch) return;
  add(findings,
      {.id = "idle_workers",
       .level = Level::note,
       .where = "train.micro_batch",
       .measured = static_cast<double>(pieces),
       .threshold = static_cast<double>(facts.workers),
       .reason = "each thread of each rank takes whole micro-batches; sharing one is slower",
       .changes = {{"train.micro_batch", fmt::format("{}", kSmallestMicroBatch)}},
       .message = fmt::format("A batch of {} has {}, fewer than the {}. Smaller ones would keep "
                              "more of them busy, with other bits.",
                              train.batch_size, count_of(pieces, "micro-batch"),
                              count_of(facts.workers, "thread"))});
}

constexpr double kUsualBeta2 = 0.999;

// Kingma and Ba prove convergence for beta1^2 < sqrt(beta2) alone.
void add_adam(const LintFacts& facts, CheckFindings& findings) {
  SettingsReader optimizer(facts.config.optimizer, "optimizer");
  if (optimizer.text("type") != "adam") return;
  const double beta1 = optimizer.real("beta1", {0, 1});
  const double beta2 = optimizer.real("beta2", {0, 1});
  const double beta1_squared = beta1 * beta1;
  const double limit = std::sqrt(beta2);
  if (beta1_squared < limit) return;
  add(findings,
      {.id = "adam_memory",
       .where = "optimizer.beta2",
       .measured = beta1_squared,
       .threshold = limit,
       .reason = "Adam needs beta1^2 < sqrt(beta2) (Kingma and Ba 2015, theorem 4.1)",
       .changes = {beta2 < kUsualBeta2 ? AdvisedChange{"optimizer.beta2", "0.999"}
                                       : AdvisedChange{"optimizer.beta1", "0.9"}},
       .message = fmt::format("Adam forgets squares of gradients sooner than gradients: beta1^2 is "
                              "{:.4g}, not below sqrt(beta2), {:.4g}.",
                              beta1_squared, limit)});
}

void add_labels(const LintFacts& facts, CheckFindings& findings) {
  const Index classes = facts.training.classes();
  std::vector<Index> counts(static_cast<std::size_t>(classes));
  for (const Label label : facts.training.labels()) ++counts[label];
  std::vector<std::size_t> missing;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] == 0) missing.push_back(k);
  }
  if (!missing.empty()) {
    add(findings, {.id = "missing_classes",
                   .level = Level::note,
                   .where = "data",
                   .measured = static_cast<double>(missing.size()),
                   .threshold = 0,
                   .reason = "a class without samples is never learned",
                   .message = fmt::format("Of {} classes, these have no training samples: {}.",
                                          classes, fmt::join(missing, ", "))});
  }
  const Index outputs = facts.graph.output_shape().size();
  if (outputs <= classes) return;
  const std::string& last = facts.graph.nodes().back().name;
  add(findings, {.id = "unused_outputs",
                 .level = Level::note,
                 .where = last,
                 .measured = static_cast<double>(outputs),
                 .threshold = static_cast<double>(classes),
                 .reason = "one output per class is enough",
                 .message = fmt::format("The network has {} outputs, but labels are below {}: the "
                                        "network learns that the other outputs are never right.",
                                        outputs, classes)});
}

}  // namespace

CheckFindings lint_findings(const LintFacts& facts) {
  CheckFindings findings;
  add_schedule(facts, findings);
  add_batch(facts, findings);
  add_adam(facts, findings);
  add_labels(facts, findings);
  add_workers(facts, findings);
  add_rhythm(facts, "evaluate", facts.config.evaluate, findings);
  add_rhythm(facts, "checkpoint", facts.config.checkpoint.rhythm, findings);
  return findings;
}

}  // namespace lockstep
