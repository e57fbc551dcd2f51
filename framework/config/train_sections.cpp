#include <array>
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
constexpr Bounds kSmoothing{0, 1, Bounds::Ends::below_high};

Rhythm parse_rhythm(SettingsReader& reader) {
  refuse_both(reader, "every_epochs", "every_steps");
  const bool in_steps = reader.has("every_steps");
  const Index steps = reader.integer_or("every_steps", kStepsOrNone, 0);
  return {.every_epochs = reader.real_or("every_epochs", kEpochsOrNone, in_steps ? 0 : 1),
          .every_steps = steps};
}

Value rhythm_to_value(const Rhythm& rhythm) {
  Value section = Value::mapping();
  if (rhythm.every_epochs > 0) {
    section.set("every_epochs", Value::real(rhythm.every_epochs));
  } else {
    section.set("every_steps", Value::integer(rhythm.every_steps));
  }
  return section;
}

}  // namespace

void refuse_both(const SettingsReader& reader, std::string_view one, std::string_view other) {
  if (!reader.has(one) || !reader.has(other)) return;
  throw reader.error_at(
      other, fmt::format("stands beside {}; give only one of the two", reader.path_of(one)));
}

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

TrainConfig parse_train(SettingsReader& document) {
  SettingsReader reader(document.value("train", "a mapping such as {epochs: 2, batch_size: 64}"),
                        "train");
  TrainConfig train;
  refuse_both(reader, "epochs", "steps");
  train.epochs = reader.real_or("epochs", kEpochs, 0);
  train.steps = reader.integer_or("steps", kSteps, 0);
  train.batch_size = reader.integer("batch_size", kBatch);
  train.micro_batch =
      reader.integer_or("micro_batch", kMicroBatch, default_micro_batch(train.batch_size));
  if (train.micro_batch % kMicroBatchUnit != 0) {
    throw reader.error_at("micro_batch", fmt::format("must be a multiple of {}, but is {}",
                                                     kMicroBatchUnit, train.micro_batch));
  }
  train.clip_norm = reader.real_or("clip_norm", kClipNorm, 0);
  train.max_runtime = duration_or(reader, "max_runtime", train.max_runtime);
  train.step_deadline = duration_or(reader, "step_deadline", train.step_deadline);
  reader.finish(where_it_belongs);
  if (train.epochs == 0 && train.steps == 0) {
    throw reader.error_at("epochs", "is missing; give it, or train.steps");
  }
  return train;
}

Value train_to_value(const TrainConfig& train) {
  Value section = Value::mapping();
  if (train.steps > 0) {
    section.set("steps", Value::integer(train.steps));
  } else {
    section.set("epochs", Value::real(train.epochs));
  }
  section.set("batch_size", Value::integer(train.batch_size));
  section.set("micro_batch", Value::integer(train.micro_batch));
  section.set("clip_norm", Value::real(train.clip_norm));
  section.set("max_runtime", Value::real(train.max_runtime));
  section.set("step_deadline", Value::real(train.step_deadline));
  return section;
}

LossConfig parse_loss(SettingsReader& document) {
  LossConfig loss;
  const Value* section = document.value_or_null("loss");
  if (section == nullptr) return loss;
  SettingsReader reader(*section, "loss");
  constexpr std::array<std::string_view, 1> kTypes = {"softmax_cross_entropy"};
  loss.type = reader.choice_or("type", kTypes, loss.type);
  loss.label_smoothing = reader.real_or("label_smoothing", kSmoothing, 0);
  reader.finish(where_it_belongs);
  return loss;
}

Value loss_to_value(const LossConfig& loss) {
  Value section = Value::mapping();
  section.set("type", Value::string(loss.type));
  section.set("label_smoothing", Value::real(loss.label_smoothing));
  return section;
}

Rhythm parse_evaluate(SettingsReader& document) {
  const Value* section = document.value_or_null("evaluate");
  if (section == nullptr) return {.every_epochs = 1};
  SettingsReader reader(*section, "evaluate");
  const Rhythm rhythm = parse_rhythm(reader);
  reader.finish(where_it_belongs);
  return rhythm;
}

Value evaluate_to_value(const Rhythm& rhythm) { return rhythm_to_value(rhythm); }

CheckpointConfig parse_checkpoint(SettingsReader& document) {
  CheckpointConfig checkpoint;
  const Value* section = document.value_or_null("checkpoint");
  if (section == nullptr) return checkpoint;
  SettingsReader reader(*section, "checkpoint");
  checkpoint.rhythm = parse_rhythm(reader);
  checkpoint.keep = reader.integer_or("keep", {0, 1e9}, checkpoint.keep);
  reader.finish(where_it_belongs);
  return checkpoint;
}

Value checkpoint_to_value(const CheckpointConfig& checkpoint) {
  Value section = rhythm_to_value(checkpoint.rhythm);
  section.set("keep", Value::integer(checkpoint.keep));
  return section;
}

MetricsConfig parse_metrics(SettingsReader& document) {
  MetricsConfig metrics;
  const Value* section = document.value_or_null("metrics");
  if (section == nullptr) return metrics;
  SettingsReader reader(*section, "metrics");
  metrics.digest_every_steps = reader.integer_or("digest_every_steps", kStepsOrNone, 1);
  reader.finish(where_it_belongs);
  return metrics;
}

Value metrics_to_value(const MetricsConfig& metrics) {
  Value section = Value::mapping();
  section.set("digest_every_steps", Value::integer(metrics.digest_every_steps));
  return section;
}

}  // namespace lockstep
