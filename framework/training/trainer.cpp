#include "framework/training/trainer.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/training/diagnosis/layer_records.hpp"
#include "framework/training/diagnosis/numeric_failure.hpp"
#include "framework/training/exchange/canonical_tree.hpp"
#include "framework/training/exchange/replica_check.hpp"

namespace lockstep {
bool Rhythm::is_due(Index step, Index steps_per_epoch) const {
  if (every_steps > 0) return step % every_steps == 0;
  if (every_epochs <= 0) return false;
  // A period that is whole but for rounding (1.1 epochs of 100 steps) ends on its own step.
  constexpr double kRounding = 1e-9;
  const double period = every_epochs * static_cast<double>(steps_per_epoch);
  const auto periods = [&](Index steps) {
    return std::floor(static_cast<double>(steps) / period + kRounding);
  };
  return periods(step) > periods(step - 1);
}

std::vector<Index> micro_batch_counts(Index data_set_size, Index batch_size, Index micro_batch) {
  const auto count = [&](Index samples) { return (samples + micro_batch - 1) / micro_batch; };
  const Index last = data_set_size % batch_size;
  std::vector<Index> counts;
  if (data_set_size >= batch_size) counts.push_back(count(batch_size));
  if (last != 0 && (counts.empty() || count(last) != counts.front())) counts.push_back(count(last));
  return counts;
}

Trainer::Trainer(const TrainerParts& parts, const TrainerSettings& settings,
                 const TrainingProgress& progress)
    : parts_(parts),
      settings_(settings),
      progress_(progress),
      sampler_(parts.training.size(), settings.batch_size, settings.seed),
      plan_(parts.graph, settings.micro_batch, PlanPurpose::training),
      executor_(plan_, parts.parameters.layout(), parts.training, parts.team,
                {.seed = settings.seed,
                 .label_smoothing = settings.label_smoothing,
                 .heartbeat = parts.heartbeat}),
      sync_(parts.communicator,
            gradient_buckets(plan_, parts.parameters.layout(), parts.communicator.size()),
            micro_batch_counts(parts.training.size(), settings.batch_size, settings.micro_batch),
            parts.team.threads()),
      evaluator_(parts.graph, parts.parameters.layout(), parts.team, settings.label_smoothing,
                 parts.heartbeat),
      results_(static_cast<std::size_t>(executor_.micro_batches(settings.batch_size))),
      losses_(results_.size()),
      scaled_(parts.parameters.layout().has_scales() ? parts.parameters.layout().size() : 0),
      before_(parts.parameters.layout().size()),
      update_({.parameters = parts.parameters, .optimizer = parts.optimizer}),
      stages_(executor_.stages() + kEndStages + ParameterUpdate::kStages, parts.team.threads()) {}

TrainingEnd Trainer::run(TrainingObserver& observer) {
  if (is_pausing(progress_.step)) {
    observer.on_evaluation(evaluate_all());
    return TrainingEnd::stopped;
  }
  while (progress_.step < settings_.total_steps) {
    observer.on_step(train_step());
    const bool last = progress_.step == settings_.total_steps;
    const bool pausing = is_pausing(progress_.step);
    if (is_evaluated(progress_.step)) observer.on_evaluation(evaluate_all());
    if (progress_.step % steps_per_epoch() == 0) {
      progress_.epoch_samples = 0;
      progress_.epoch_correct = 0;
      progress_.epoch_loss = 0;
    }
    const bool is_best = progress_.best_step == progress_.step;
    const bool is_asked = pausing || request_ != TrainingRequest::none;
    if (last || is_best || is_asked ||
        settings_.checkpoint.is_due(progress_.step, steps_per_epoch())) {
      enter("checkpoint", progress_.step);
      check_replicas();
      observer.on_checkpoint(progress_);
    }
    if (!last && (pausing || request_ == TrainingRequest::stop)) return TrainingEnd::stopped;
  }
  return TrainingEnd::finished;
}

bool Trainer::is_pausing(Index step) const {
  return settings_.pause_step > 0 && step >= settings_.pause_step && step < settings_.total_steps;
}

bool Trainer::is_evaluated(Index step) const {
  return step == settings_.total_steps || is_pausing(step) ||
         settings_.evaluate.is_due(step, steps_per_epoch());
}

void Trainer::enter(const char* place, Index step, bool waits_for_ranks) const {
  if (parts_.heartbeat != nullptr) parts_.heartbeat->enter(place, step, waits_for_ranks);
}

int Trainer::useful_threads() const {
  const Communicator& ranks = parts_.communicator;
  const Index micro_batches = executor_.micro_batches(settings_.batch_size);
  return executor_.useful_threads(owned_leaves(micro_batches, ranks.rank(), ranks.size()).size());
}

StepRecord Trainer::train_step() {
  const double start = parts_.clock();
  enter("forward and backward", progress_.step + 1);
  const GlobalBatch batch = sampler_.batch(progress_.step);
  const auto samples = static_cast<Index>(batch.samples.size());
  const Index micro_batches = executor_.micro_batches(samples);
  const auto results = std::span(results_).first(static_cast<std::size_t>(micro_batches));
  if (is_evaluated(progress_.step + 1)) {
    std::ranges::copy(parts_.parameters.values(), before_.span().begin());
  }
  sync_.start(micro_batches);
  executor_.start({batch, scaled_parameters(), &sync_, results});
  const BatchEnd end{
      .results = results,
      .samples = samples,
      .learning_rate = learning_rate(parts_.schedule, progress_.step, settings_.total_steps)};
  run_stages(end);
  if (!std::isfinite(loss_)) {  // on all ranks, maybe because of one
    check_replicas();
    fail("The loss", loss_, where_loss_breaks(batch));
  }
  const auto [norm, is_finite] = update_.result();
  const ParameterLayout& layout = parts_.parameters.layout();
  if (!std::isfinite(norm)) {
    fail("The norm of the gradient", norm, first_gradient_not_finite(layout, update_.gradient()));
  }
  if (!is_finite) {
    fail("A weight after the update", std::numeric_limits<double>::infinity(),
         first_weights_not_finite(layout, parts_.parameters.values()));
  }

  weights_before_ = update_.digest();
  ++progress_.step;
  progress_.samples_seen += samples;
  count_epoch(results);
  StepRecord record{
      .step = progress_.step,
      .epoch = static_cast<double>(progress_.step) / static_cast<double>(steps_per_epoch()),
      .loss = loss_,
      .learning_rate = static_cast<double>(end.learning_rate),
      .gradient_norm = norm,
      .samples = samples};
  record.has_digest =
      settings_.digest_every_steps > 0 && progress_.step % settings_.digest_every_steps == 0;
  if (record.has_digest) record.digest = *weights_before_;
  const double seconds = parts_.clock() - start;
  progress_.train_seconds += seconds;
  record.images_per_second = seconds > 0 ? static_cast<double>(samples) / seconds : 0;
  return record;
}

// One fork and join; two where ranks exchange in between, which only the main thread may do.
void Trainer::run_stages(const BatchEnd& end) {
  const bool alone = parts_.communicator.size() == 1;
  stages_.start();
  parts_.team.run([&](int slot) {
    // More than run at a time would take turns, and cores from one another in the middle of a step.
    if (slot >= parts_.team.concurrency()) return;
    StagedWork::Walk walk(stages_, slot);
    if (!executor_.work(walk, slot) || !alone) return;
    if (walk.stage(1, [&](std::size_t /*piece*/) { end_batch(end); })) update(walk);
  });
  if (alone) return;
  end_batch(end);
  stages_.start();
  parts_.team.run([&](int slot) {
    if (slot >= parts_.team.concurrency()) return;
    StagedWork::Walk walk(stages_, slot);
    update(walk);
  });
}

void Trainer::end_batch(const BatchEnd& end) {
  enter("exchange of gradients", progress_.step + 1, true);
  const StepReport mine{
      .step = progress_.step + 1,
      .request = parts_.requests != nullptr ? parts_.requests->take() : TrainingRequest::none,
      .weights = weights_before_};
  const auto [sum, request] = sync_.finish(mine, end.results);
  request_ = request;
  enter("update of weights", progress_.step + 1);
  loss_ = sum_losses(end.results) / static_cast<double>(end.samples);
  if (!std::isfinite(loss_)) return;
  update_.start({.sum = sum,
                 .samples = end.samples,
                 .learning_rate = end.learning_rate,
                 .clip_norm = settings_.clip_norm});
}

void Trainer::update(StagedWork::Walk& walk) {
  if (std::isfinite(loss_)) static_cast<void>(update_.work(walk));
}

std::span<const float> Trainer::scaled_parameters() {
  if (scaled_.size() == 0) return parts_.parameters.values();
  parts_.parameters.layout().apply_scales(parts_.parameters.values(), scaled_.span());
  return scaled_.span();
}

double Trainer::sum_losses(std::span<const MicroBatchResult> results) {
  std::transform(results.begin(), results.end(), losses_.begin(),
                 [](const MicroBatchResult& result) { return result.loss; });
  return canonical_sum(std::span<const double>(losses_).first(results.size()));
}

void Trainer::count_epoch(std::span<const MicroBatchResult> results) {
  progress_.epoch_loss += sum_losses(results);
  for (const MicroBatchResult& result : results) {
    progress_.epoch_samples += result.samples;
    progress_.epoch_correct += result.correct;
  }
}

// All ranks know all losses, and any rank can gather any sample.
std::string Trainer::where_loss_breaks(const GlobalBatch& batch) const {
  const auto broken = std::ranges::find_if(
      results_, [](const MicroBatchResult& result) { return !std::isfinite(result.loss); });
  const auto size = static_cast<std::size_t>(settings_.micro_batch);
  const std::size_t first = static_cast<std::size_t>(broken - results_.begin()) * size;
  if (first >= batch.samples.size()) return "";
  return first_output_not_finite(
      parts_.graph,
      {.parameters = parts_.parameters.values(),
       .dataset = parts_.training,
       .samples = batch.samples.subspan(first).first(std::min(size, batch.samples.size() - first)),
       .label_smoothing = settings_.label_smoothing});
}

void Trainer::fail(const char* what, double value, const std::string& where) const {
  throw CollectiveError(
      ErrorKind::numeric,
      fmt::format(
          "{} is {} at step {},{}{} so training cannot go on: lower learning_rate.peak, set "
          "train.clip_norm, or look for numbers that are not finite in the data; "
          "checkpoints saved before it, if any, are unharmed.",
          what, value, progress_.step + 1, where.empty() ? "" : " " + where,
          where.empty() ? "" : ","));
}

void Trainer::check_replicas() {
  if (parts_.communicator.size() == 1) return;
  const std::vector<Digest> digests = all_gather_digests(parts_.communicator, weights_digest());
  require_same_weights(digests, progress_.step);
}

EvaluationResult Trainer::evaluate(const Dataset& dataset) {
  enter("evaluation", progress_.step);
  return evaluator_.evaluate(parts_.parameters.values(), dataset, parts_.communicator);
}

EpochRecord Trainer::evaluate_all() {
  EpochRecord record;
  record.step = progress_.step;
  record.epoch = static_cast<double>(progress_.step) / static_cast<double>(steps_per_epoch());
  record.seconds = progress_.train_seconds;
  if (progress_.epoch_samples > 0) {
    const auto samples = static_cast<double>(progress_.epoch_samples);
    record.train_loss = progress_.epoch_loss / samples;
    record.train_accuracy = static_cast<double>(progress_.epoch_correct) / samples;
  }
  if (parts_.test != nullptr) {
    const EvaluationResult result = evaluate(*parts_.test);
    record.test_loss = result.loss();
    record.test_accuracy = result.accuracy();
    record.confusion = result.confusion;
  }
  if (parts_.validation != nullptr) {
    const EvaluationResult result = evaluate(*parts_.validation);
    record.validation_loss = result.loss();
    record.validation_accuracy = result.accuracy();
    if (record.confusion.empty()) record.confusion = result.confusion;
    if (progress_.best_step == 0 || result.accuracy() > progress_.best_accuracy) {
      progress_.best_accuracy = result.accuracy();
      progress_.best_step = progress_.step;
    }
  }
  const ParameterStore& parameters = parts_.parameters;
  record.layers = layer_records(
      {.graph = parts_.graph,
       .layout = parameters.layout(),
       .before = before_.span(),
       .now = parameters.values(),
       .gradient = update_.gradient()},
      evaluator_.activations(parameters.values(),
                             parts_.validation != nullptr ? *parts_.validation : parts_.training));
  return record;
}

}  // namespace lockstep
