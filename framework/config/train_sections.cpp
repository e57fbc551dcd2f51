#include <cmath>

#include <fmt/format.h>

#include "framework/config/duration.hpp"
#include "framework/config/experiment_sections.hpp"

namespace lockstep {
namespace {

using Bounds = SettingsReader::Bounds;

constexpr Bounds kSteps{1, 1e12};
constexpr Bounds kStepsOrNone{0, 1e12};
constexpr Bounds kEpochs{0, 1e6, Bounds::Ends::above_low};
constexpr Bounds kEpochsOrNone{0, 1e6};
constexpr Bounds kBatch{1, 1 << 24};
constexpr Index kMicroBatchUnit = 16;
constexpr Bounds kMicroBatch{kMicroBatchUnit, 4096};
constexpr Bounds kClipNorm{0, 1e30};

Rhythm read_rhythm(SettingsReader& section) {
  if (section.second_of("every_epochs", "every_steps")) {
    return {.every_steps = section.integer("every_steps", kStepsOrNone)};
  }
  const Rhythm rhythm{.every_epochs = section.real_or("every_epochs", kEpochsOrNone, 1)};
  if (rhythm.every_epochs == 0) {
    section.keep_as("every_epochs", "every_steps", Value::integer(0));
  }
  return rhythm;
}

void read_train(SettingsReader& section, ExperimentConfig& config) {
  TrainConfig& train = config.train;
  if (section.second_of("epochs", "steps")) {
    train.steps = section.integer("steps", kSteps);
  } else if (section.has("epochs")) {
    train.epochs = section.real("epochs", kEpochs);
  }
  train.batch_size = section.integer("batch_size", kBatch);
  train.micro_batch =
      section.integer_or("micro_batch", kMicroBatch, default_micro_batch(train.batch_size));
  if (train.micro_batch % kMicroBatchUnit != 0) {
    throw section.error_at("micro_batch", fmt::format("must be a multiple of {}, but is {}",
                                                      kMicroBatchUnit, train.micro_batch));
  }
  train.clip_norm = section.real_or("clip_norm", kClipNorm, 0);
  train.max_runtime = duration_or(section, "max_runtime", train.max_runtime);
  train.step_deadline = duration_or(section, "step_deadline", train.step_deadline);
  section.finish();  // a misspelled key is the more useful error
  if (train.epochs == 0 && train.steps == 0) {
    throw section.error_at("epochs", "is missing; give it, or train.steps", errors::kMissingKey);
  }
}

void read_evaluate(SettingsReader& section, ExperimentConfig& config) {
  config.evaluate = read_rhythm(section);
}

void read_checkpoint(SettingsReader& section, ExperimentConfig& config) {
  config.checkpoint.rhythm = read_rhythm(section);
  config.checkpoint.keep = section.integer_or("keep", {0, 1e9}, config.checkpoint.keep);
}

void read_metrics(SettingsReader& section, ExperimentConfig& config) {
  config.metrics.digest_every_steps = section.integer_or("digest_every_steps", kStepsOrNone, 1);
}

}  // namespace

Index default_micro_batch(Index batch_size) {
  for (const Index size : {64, 32}) {
    if ((batch_size + size - 1) / size >= 4) return size;
  }
  return kMicroBatchUnit;
}

Index total_steps(const TrainConfig& train, Index training_samples) {
  if (train.steps > 0) return train.steps;
  const Index steps_per_epoch = (training_samples + train.batch_size - 1) / train.batch_size;
  const double steps = std::round(train.epochs * static_cast<double>(steps_per_epoch));
  return steps < 1 ? 1 : static_cast<Index>(steps);
}

ExperimentSection train_section() {
  return {.name = "train",
          .expected = "a mapping such as {epochs: 2, batch_size: 64}",
          .read = read_train,
          .settings = &ExperimentConfig::train_settings,
          .examples = {{{"epochs", "1"}, {"batch_size", "64"}}}};
}

ExperimentSection evaluate_section() {
  return {.name = "evaluate",
          .read = read_evaluate,
          .settings = &ExperimentConfig::evaluate_settings,
          .examples = {{}}};
}

ExperimentSection checkpoint_section() {
  return {.name = "checkpoint",
          .read = read_checkpoint,
          .settings = &ExperimentConfig::checkpoint_settings,
          .examples = {{}}};
}

ExperimentSection metrics_section() {
  return {.name = "metrics",
          .read = read_metrics,
          .settings = &ExperimentConfig::metrics_settings,
          .examples = {{}}};
}

}  // namespace lockstep
