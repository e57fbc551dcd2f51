#include "experiments/run/recorder.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "experiments/run/learning_warning.hpp"
#include "experiments/text/figures.hpp"
#include "framework/storage/checkpoint/training_state.hpp"

namespace lockstep {
namespace {

constexpr double kPublishInterval = 10;    // seconds between two snapshots within an epoch
constexpr double kShortestInterval = 0.5;  // and between two evaluations

}  // namespace

RunRecorder::RunRecorder(Parts parts, MetricsTables tables)
    : parts_(std::move(parts)),
      journal_(parts_.directory.journal_path()),
      tables_(std::move(tables)),
      published_at_(-std::numeric_limits<double>::infinity()) {
  recall();
}

// In a resumed run, restores what the monitor has seen and reported before.
void RunRecorder::recall() {
  auto evaluation = tables_.epochs.begin();
  for (const StepRecord& record : tables_.steps) {
    static_cast<void>(parts_.monitor.on_step(record));
    for (; evaluation != tables_.epochs.end() && evaluation->step <= record.step; ++evaluation) {
      static_cast<void>(parts_.monitor.on_evaluation(*evaluation));
    }
  }
}

void RunRecorder::on_step(const StepRecord& record) {
  journal_.append(record);
  tables_.steps.push_back(record);
  parts_.progress.on_step(record);
  watch_learning(record);
  if (parts_.clock() - published_at_ > kPublishInterval) publish();
}

void RunRecorder::on_evaluation(const EpochRecord& record) {
  // The run was stopped right after this evaluation, and would record it a second time.
  if (!tables_.epochs.empty() && tables_.epochs.back().step == record.step) return;
  journal_.append(record);
  journal_.sync();
  tables_.epochs.push_back(record);
  if (parts_.clock() - published_at_ > kShortestInterval) publish();
  parts_.progress.on_evaluation(record);
  parts_.directory.log(
      fmt::format("epoch {:.4g} step {}: train loss {:.6f}, validation accuracy "
                  "{:.4f}, test accuracy {:.4f}",
                  record.epoch, record.step, record.train_loss, record.validation_accuracy,
                  record.test_accuracy));
  if (const std::optional<LayerWarning> warning = parts_.monitor.on_evaluation(record)) {
    warn(learning_warning(*warning, parts_.graph, parts_.check_line));
  }
}

void RunRecorder::on_checkpoint(const TrainingProgress& progress) {
  Checkpoint checkpoint = checkpoint_of({.parameters = parts_.parameters,
                                         .optimizer = parts_.optimizer,
                                         .progress = progress,
                                         .steps_per_epoch = parts_.steps_per_epoch,
                                         .seed = parts_.config.seed});
  checkpoint.experiment = parts_.experiment_text;
  checkpoint.model = parts_.model_text;
  checkpoint.provenance = parts_.provenance;
  // A checkpoint implies that the figures of all steps up to its own are stored.
  journal_.sync();
  const Index keep = parts_.config.checkpoint.keep;
  // Without a validation split the latest checkpoint counts as the best.
  const bool is_best = progress.best_step == progress.step || progress.best_step == 0;
  const auto path = parts_.directory.checkpoints().save(
      checkpoint,
      {.keep = keep == 0 ? std::numeric_limits<Index>::max() : keep, .is_best = is_best});
  parts_.directory.log(fmt::format("step {}: saved {}, weights {}", progress.step,
                                   path.filename().string(), checkpoint.state->digest.hex()));
}

void RunRecorder::finish() {
  parts_.progress.finish();
  journal_.sync();
  publish();
}

void RunRecorder::fail() {
  try {
    publish();
  } catch (const std::exception&) {  // the journal has everything
  }
}

void RunRecorder::watch_learning(const StepRecord& record) {
  const std::optional<double> loss = parts_.monitor.on_step(record);
  if (!loss) return;
  warn(fmt::format(
      "after {} the loss is {}, and guessing costs {}, so the network has learned nothing yet: "
      "`{}` says why.",
      count_of(record.step, "step"), figure(*loss), figure(parts_.monitor.guessing_loss()),
      parts_.check_line));
}

void RunRecorder::warn(const std::string& message) {
  parts_.progress.warn(message);
  parts_.directory.log(message);
}

void RunRecorder::publish() {
  publish_metrics(parts_.directory.metrics_path(), tables_,
                  {.experiment = parts_.experiment_text, .provenance = parts_.provenance});
  published_at_ = parts_.clock();
}

}  // namespace lockstep
