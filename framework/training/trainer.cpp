#include "framework/training/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/training/diagnosis/layer_records.hpp"
#include "framework/training/diagnosis/numeric_failure.hpp"
#include "framework/training/exchange/replica_check.hpp"

namespace lockstep {

Trainer::Trainer(TrainingSetup& setup, const TrainingPlace& place)
    : setup_(setup),
      place_(place),
      sampler_(setup.data.training.size(), setup.settings.batch_size, setup.settings.seed),
      step_(setup, place),
      evaluator_(setup.graph, setup.parameters.layout(), place.team, *setup.loss, place.heartbeat),
      before_(setup.parameters.layout().size()) {}

TrainingEnd Trainer::run(TrainingObserver& observer) {
  const TrainerSettings& settings = setup_.settings;
  TrainingProgress& progress = setup_.progress;
  if (is_pausing(progress.step)) {
    observer.on_evaluation(evaluate_all());
    return TrainingEnd::stopped;
  }
  while (progress.step < settings.total_steps) {
    observer.on_step(train_step());
    const bool last = progress.step == settings.total_steps;
    const bool pausing = is_pausing(progress.step);
    if (is_evaluated(progress.step)) observer.on_evaluation(evaluate_all());
    if (progress.step % steps_per_epoch() == 0) {
      progress.epoch_samples = 0;
      progress.epoch_correct = 0;
      progress.epoch_loss = 0;
    }
    const bool is_best = progress.best_step == progress.step;
    const bool is_asked = pausing || request_ != TrainingRequest::none;
    if (last || is_best || is_asked ||
        settings.checkpoint.is_due(progress.step, steps_per_epoch())) {
      place_.enter("checkpoint", progress.step);
      check_replicas();
      observer.on_checkpoint(progress);
    }
    if (!last && (pausing || request_ == TrainingRequest::stop)) return TrainingEnd::stopped;
  }
  return TrainingEnd::finished;
}

bool Trainer::is_pausing(Index step) const {
  return setup_.settings.pause_step > 0 && step >= setup_.settings.pause_step &&
         step < setup_.settings.total_steps;
}

bool Trainer::is_evaluated(Index step) const {
  return step == setup_.settings.total_steps || is_pausing(step) ||
         setup_.settings.evaluate.is_due(step, steps_per_epoch());
}

StepRecord Trainer::train_step() {
  const double start = place_.clock();
  place_.enter("forward and backward", setup_.progress.step + 1);
  const GlobalBatch batch = sampler_.batch(setup_.progress.step);
  if (is_evaluated(setup_.progress.step + 1)) {
    std::ranges::copy(setup_.parameters.values(), before_.span().begin());
  }
  const BatchStep::Outcome outcome = step_.run(batch);
  request_ = outcome.request;
  require_finite(batch, outcome);
  StepRecord record = count(outcome);
  const double seconds = place_.clock() - start;
  setup_.progress.train_seconds += seconds;
  record.images_per_second = seconds > 0 ? static_cast<double>(record.samples) / seconds : 0;
  return record;
}

StepRecord Trainer::count(const BatchStep::Outcome& outcome) {
  TrainingProgress& progress = setup_.progress;
  ++progress.step;
  progress.samples_seen += outcome.samples;
  progress.epoch_samples += outcome.samples;
  progress.epoch_correct += outcome.correct;
  progress.epoch_loss += outcome.loss_sum;
  const Index rhythm = setup_.settings.digest_every_steps;
  StepRecord record{
      .step = progress.step,
      .epoch = static_cast<double>(progress.step) / static_cast<double>(steps_per_epoch()),
      .loss = outcome.loss(),
      .learning_rate = static_cast<double>(outcome.learning_rate),
      .gradient_norm = outcome.gradient_norm,
      .has_digest = rhythm > 0 && progress.step % rhythm == 0,
      .samples = outcome.samples};
  if (record.has_digest) record.digest = step_.digest();
  return record;
}

void Trainer::require_finite(const GlobalBatch& batch, const BatchStep::Outcome& outcome) {
  if (!std::isfinite(outcome.loss_sum)) {  // on all ranks, even if only one caused it
    check_replicas();
    fail("The loss", outcome.loss(), where_loss_breaks(batch, outcome));
  }
  const ParameterLayout& layout = setup_.parameters.layout();
  if (!std::isfinite(outcome.gradient_norm)) {
    fail("The norm of the gradient", outcome.gradient_norm,
         first_gradient_not_finite(layout, step_.gradient()));
  }
  if (!outcome.is_finite) {
    fail("A weight after the update", std::numeric_limits<double>::infinity(),
         first_weights_not_finite(layout, setup_.parameters.values()));
  }
  // A square of a smaller gradient fits float32, so what the optimizer keeps need not be looked at.
  constexpr double kLarge = 1e15;
  if (outcome.gradient_norm < kLarge) return;
  if (const std::string where = first_state_not_finite(layout, *setup_.optimizer); !where.empty()) {
    fail("What the optimizer keeps", std::numeric_limits<double>::infinity(), where);
  }
}

// All ranks know all losses, and any rank can gather any sample.
std::string Trainer::where_loss_breaks(const GlobalBatch& batch,
                                       const BatchStep::Outcome& outcome) const {
  const auto broken = std::ranges::find_if(
      outcome.results, [](const MicroBatchResult& result) { return !std::isfinite(result.loss); });
  const auto size = static_cast<std::size_t>(setup_.settings.micro_batch);
  const std::size_t first = static_cast<std::size_t>(broken - outcome.results.begin()) * size;
  if (first >= batch.samples.size()) return "";
  return first_output_not_finite(
      setup_.graph,
      {.parameters = setup_.parameters.values(),
       .dataset = setup_.data.training,
       .samples = batch.samples.subspan(first).first(std::min(size, batch.samples.size() - first)),
       .loss = *setup_.loss});
}

void Trainer::fail(const char* what, double value, const std::string& where) const {
  if (std::isnan(value)) value = std::abs(value);  // "-nan" says no more than "nan"
  throw CollectiveError(
      errors::kNotFinite,
      fmt::format(
          "{} is {} at step {},{}{} so training cannot go on: lower learning_rate.peak, set "
          "train.clip_norm, or look for numbers that are not finite in the data; "
          "checkpoints saved before it, if any, are unharmed.",
          what, value, setup_.progress.step + 1, where.empty() ? "" : " " + where,
          where.empty() ? "" : ","));
}

void Trainer::check_replicas() {
  if (place_.communicator.size() == 1) return;
  const std::vector<Digest> digests = all_gather_digests(place_.communicator, weights_digest());
  require_same_weights(digests, setup_.progress.step);
}

EvaluationResult Trainer::evaluate(const Dataset& dataset) {
  place_.enter("evaluation", setup_.progress.step);
  return evaluator_.evaluate(setup_.parameters.values(), dataset, place_.communicator);
}

EpochRecord Trainer::evaluate_all() {
  const TrainingProgress& progress = setup_.progress;
  EpochRecord record{
      .epoch = static_cast<double>(progress.step) / static_cast<double>(steps_per_epoch()),
      .step = progress.step,
      .seconds = progress.train_seconds};
  if (progress.epoch_samples > 0) {
    const auto samples = static_cast<double>(progress.epoch_samples);
    record.train_loss = progress.epoch_loss / samples;
    record.train_accuracy = static_cast<double>(progress.epoch_correct) / samples;
  }
  if (setup_.data.test != nullptr) {
    const EvaluationResult result = evaluate(*setup_.data.test);
    record.test_loss = result.loss();
    record.test_accuracy = result.accuracy();
    record.confusion = result.confusion;
  }
  if (setup_.data.validation != nullptr) {
    const EvaluationResult result = evaluate(*setup_.data.validation);
    record.validation_loss = result.loss();
    record.validation_accuracy = result.accuracy();
    if (record.confusion.empty()) record.confusion = result.confusion;
    keep_best(result.accuracy());
  }
  record.layers = records_of_layers();
  return record;
}

void Trainer::keep_best(double accuracy) {
  TrainingProgress& progress = setup_.progress;
  if (progress.best_step != 0 && !(accuracy > progress.best_accuracy)) return;
  progress.best_accuracy = accuracy;
  progress.best_step = progress.step;
}

std::vector<LayerRecord> Trainer::records_of_layers() {
  const ParameterStore& parameters = setup_.parameters;
  const Dataset* const looked_at =
      setup_.data.validation != nullptr ? setup_.data.validation : &setup_.data.training;
  return layer_records({.graph = setup_.graph,
                        .layout = parameters.layout(),
                        .before = before_.span(),
                        .now = parameters.values(),
                        .gradient = step_.gradient()},
                       evaluator_.activations(parameters.values(), *looked_at));
}

}  // namespace lockstep
