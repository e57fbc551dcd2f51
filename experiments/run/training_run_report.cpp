// What a run reports about itself: before training, instead of it (--dry-run), and after it.

#include <algorithm>

#include <fmt/format.h>

#include "experiments/program/launch.hpp"
#include "experiments/run/training_run.hpp"
#include "experiments/text/figures.hpp"
#include "framework/core/parallel.hpp"
#include "framework/kernels/isa.hpp"
#include "framework/schedules/schedule.hpp"

namespace lockstep {
namespace {

Index size_of(const std::optional<ImageSplit>& split) { return split ? split->size() : 0; }

}  // namespace

void TrainingRun::describe() const {
  const Console& console = context_.console;
  console.remark(fmt::format("{}: {} ({} parameters) on {} from {}", config_.name, graph_->name(),
                             graph_->parameter_count(), bench_.data->name, bench_.data->origin));
  if (!bench_.data->warning.empty()) console.warning(bench_.data->warning);
  console.remark(fmt::format("{} training, {} validation, {} test samples",
                             size_of(bench_.splits.train), size_of(bench_.splits.validation),
                             size_of(bench_.splits.test)));
  const Index micro_batches =
      (config_.train.batch_size + config_.train.micro_batch - 1) / config_.train.micro_batch;
  console.remark(fmt::format("{} of batch {} (micro-batches: {} of {})", count_of(steps(), "step"),
                             config_.train.batch_size, micro_batches, config_.train.micro_batch));
  if (context_.group == nullptr) tell_launch(context_);
  warn_about_warmup();
}

double start_up_deadline(const TrainConfig& train) {
  constexpr double kStartUpInSteps = 4;
  return kStartUpInSteps * train.step_deadline;
}

void TrainingRun::advise_on_threads(const Trainer& trainer) const {
  const int useful = trainer.useful_threads();
  if (useful >= std::min(context_.threads(), available_threads())) return;
  context_.console.remark(fmt::format(
      "{} are more than batch {} in micro-batches of {} can use: --threads {} would be as "
      "fast, and a larger train.batch_size would use more",
      count_of(context_.threads(), "thread"), config_.train.batch_size, config_.train.micro_batch,
      useful));
}

void TrainingRun::warn_about_warmup() const {
  const Index warmup = setup_.schedule.warmup().steps;
  if (warmup <= steps()) return;
  context_.console.warning(
      fmt::format("learning_rate.warmup_steps is {}, but the run has {} only, so the learning rate "
                  "never reaches its peak.",
                  warmup, count_of(steps(), "step")));
}

int TrainingRun::rehearse() {
  check_agreement();
  std::filesystem::path run;
  fail_together(context_.communicator(), [&] {
    if (context_.is_root()) run = check_directory();
  });
  report_plan(context_.console, {.name = config_.name,
                                 .run_dir = run.string(),
                                 .dataset = bench_.data->name,
                                 .steps = steps(),
                                 .parameters = graph_->parameter_count(),
                                 .train_samples = size_of(bench_.splits.train),
                                 .validation_samples = size_of(bench_.splits.validation),
                                 .test_samples = size_of(bench_.splits.test)});
  return 0;
}

void TrainingRun::report(Trainer& trainer, const FinalFigures& figures) const {
  if (!directory_) return;
  const TrainingProgress& progress = trainer.progress();
  report_training(context_.console, {.name = config_.name,
                                     .run_dir = directory_->path().string(),
                                     .dataset = bench_.data->name,
                                     .steps = progress.step,
                                     .epochs = static_cast<double>(progress.step) /
                                               static_cast<double>(trainer.steps_per_epoch()),
                                     .samples_seen = progress.samples_seen,
                                     .train_seconds = progress.train_seconds,
                                     .digest = trainer.weights_digest(),
                                     .ranks = context_.ranks(),
                                     .threads = context_.threads(),
                                     .isa = current_isa(),
                                     .figures = figures});
}

}  // namespace lockstep
