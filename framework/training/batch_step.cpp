#include "framework/training/batch_step.hpp"

#include <algorithm>
#include <cmath>

#include "framework/training/exchange/canonical_tree.hpp"

namespace lockstep {

std::vector<Index> micro_batch_counts(Index data_set_size, Index batch_size, Index micro_batch) {
  const auto count = [&](Index samples) { return (samples + micro_batch - 1) / micro_batch; };
  const Index last = data_set_size % batch_size;
  std::vector<Index> counts;
  if (data_set_size >= batch_size) counts.push_back(count(batch_size));
  if (last != 0 && (counts.empty() || count(last) != counts.front())) counts.push_back(count(last));
  return counts;
}

BatchStep::BatchStep(TrainingSetup& setup, const TrainingPlace& place)
    : setup_(setup),
      place_(place),
      plan_(setup.graph, setup.settings.micro_batch, PlanPurpose::training),
      executor_(plan_, setup.parameters.layout(), setup.data.training, place.team,
                {.seed = setup.settings.seed, .loss = *setup.loss, .heartbeat = place.heartbeat}),
      sync_(place.communicator,
            gradient_buckets(plan_, setup.parameters.layout(), place.communicator.size()),
            micro_batch_counts(setup.data.training.size(), setup.settings.batch_size,
                               setup.settings.micro_batch),
            place.team.threads()),
      scaled_(setup.parameters.layout().has_scales() ? setup.parameters.layout().size() : 0),
      results_(static_cast<std::size_t>(executor_.micro_batches(setup.settings.batch_size))),
      losses_(results_.size()),
      update_({.parameters = setup.parameters, .optimizer = *setup.optimizer}),
      stages_(executor_.stages() + kEndStages + ParameterUpdate::kStages, place.team.threads()) {}

int BatchStep::useful_threads() const {
  const Communicator& ranks = place_.communicator;
  const Index micro_batches = executor_.micro_batches(setup_.settings.batch_size);
  return executor_.useful_threads(owned_leaves(micro_batches, ranks.rank(), ranks.size()).size());
}

BatchStep::Outcome BatchStep::run(const GlobalBatch& batch) {
  const Index step = setup_.progress.step;
  const auto samples = static_cast<Index>(batch.samples.size());
  const Index micro_batches = executor_.micro_batches(samples);
  const auto results = std::span(results_).first(static_cast<std::size_t>(micro_batches));
  outcome_ = {.results = results,
              .samples = samples,
              .learning_rate = setup_.schedule.rate(step, setup_.settings.total_steps)};
  sync_.start(micro_batches);
  executor_.start({batch, scaled_parameters(), &sync_, results});
  run_stages();
  if (!std::isfinite(outcome_.loss_sum)) return outcome_;
  const auto [norm, is_finite] = update_.result();
  outcome_.gradient_norm = norm;
  outcome_.is_finite = is_finite;
  digest_ = update_.digest();
  return outcome_;
}

std::span<const float> BatchStep::scaled_parameters() {
  const ParameterStore& parameters = setup_.parameters;
  if (scaled_.size() == 0) return parameters.values();
  parameters.layout().apply_scales(parameters.values(), scaled_.span());
  return scaled_.span();
}

// One fork and join, or two where ranks exchange in between, which only the main thread may do.
void BatchStep::run_stages() {
  const bool alone = place_.communicator.size() == 1;
  stages_.start();
  place_.team.run([&](int slot) {
    // Slots beyond the team's concurrency would take turns and take cores from one another
    // mid-step.
    if (slot >= place_.team.concurrency()) return;
    StagedWork::Walk walk(stages_, slot);
    if (!executor_.work(walk, slot) || !alone) return;
    if (walk.stage(1, [&](std::size_t /*piece*/) { end_batch(); })) update_parameters(walk);
  });
  if (alone) return;
  end_batch();
  stages_.start();
  place_.team.run([&](int slot) {
    if (slot >= place_.team.concurrency()) return;
    StagedWork::Walk walk(stages_, slot);
    update_parameters(walk);
  });
}

void BatchStep::end_batch() {
  const Index step = setup_.progress.step + 1;
  place_.enter("exchange of gradients", step, true);
  const StepReport mine{
      .step = step,
      .request = place_.requests != nullptr ? place_.requests->take() : TrainingRequest::none,
      .weights = digest_};
  const auto used = std::span(results_).first(outcome_.results.size());
  const auto [sum, request] = sync_.finish(mine, used);
  outcome_.request = request;
  place_.enter("update of weights", step);
  add_up();
  if (!std::isfinite(outcome_.loss_sum)) return;
  update_.start({.sum = sum,
                 .samples = outcome_.samples,
                 .learning_rate = outcome_.learning_rate,
                 .clip_norm = setup_.settings.clip_norm});
}

void BatchStep::add_up() {
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    losses_[i] = outcome_.results[i].loss;
    outcome_.correct += outcome_.results[i].correct;
  }
  outcome_.loss_sum =
      canonical_sum(std::span<const double>(losses_).first(outcome_.results.size()));
}

void BatchStep::update_parameters(StagedWork::Walk& walk) {
  if (std::isfinite(outcome_.loss_sum)) static_cast<void>(update_.work(walk));
}

}  // namespace lockstep
