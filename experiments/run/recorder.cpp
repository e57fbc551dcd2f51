#include "experiments/run/recorder.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "experiments/run/learning_warning.hpp"
#include "experiments/text/figures.hpp"
#include "framework/storage/checkpoint/training_state.hpp"

namespace lockstep {

RunRecorder::RunRecorder(Parts parts, MetricsTables recorded)
    : parts_(std::move(parts)),
      metrics_({.files = {.journal = parts_.directory.journal_path(),
                          .snapshot = parts_.directory.metrics_path()},
                .origin = {.experiment = parts_.experiment_text, .provenance = parts_.provenance},
                .clock = parts_.clock}) {
  recall(recorded);
  metrics_.go_on(std::move(recorded));
}

// In a resumed run, restores what the monitor has seen and reported before.
void RunRecorder::recall(const MetricsTables& recorded) {
  auto evaluation = recorded.epochs.begin();
  for (const StepRecord& record : recorded.steps) {
    static_cast<void>(parts_.monitor.on_step(record));
    for (; evaluation != recorded.epochs.end() && evaluation->step <= record.step; ++evaluation) {
      static_cast<void>(parts_.monitor.on_evaluation(*evaluation));
    }
  }
}

void RunRecorder::on_step(const StepRecord& record) {
  metrics_.append(record);
  parts_.progress.on_step(record);
  watch_learning(record);
}

void RunRecorder::on_evaluation(const EpochRecord& record) {
  // The run was stopped right after this evaluation, and would record it a second time.
  if (metrics_.last_evaluation() == record.step) return;
  metrics_.append(record);
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
  metrics_.sync();
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
  metrics_.publish();
}

void RunRecorder::fail() {
  try {
    metrics_.publish();
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

}  // namespace lockstep
