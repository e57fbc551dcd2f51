#include "framework/training/step/micro_batch_executor.hpp"

#include <algorithm>

namespace lockstep {

MicroBatchExecutor::MicroBatchExecutor(const Plan& plan, const ParameterLayout& layout,
                                       const Dataset& dataset, const WorkerTeam& team,
                                       const Settings& settings)
    : plan_(plan),
      dataset_(dataset),
      concurrency_(team.concurrency()),
      settings_(settings),
      division_(plan) {
  slots_.reserve(static_cast<std::size_t>(team.threads()));
  for (int slot = 0; slot < team.threads(); ++slot) {
    slots_.push_back(
        {.pass = MicroBatchPass(plan, layout), .batch = MicroBatch(plan.micro_batch())});
  }
}

Index MicroBatchExecutor::micro_batches(Index samples) const {
  return (samples + plan_.micro_batch() - 1) / plan_.micro_batch();
}

std::size_t MicroBatchExecutor::stages() const {
  constexpr std::size_t kWholeAssemblyAndLoss = 3;
  return kWholeAssemblyAndLoss + division_.forward().size() + division_.backward().size() +
         kMostBuckets;
}

int MicroBatchExecutor::useful_threads(Index micro_batches) const {
  return division_.useful_threads(static_cast<std::size_t>(micro_batches), concurrency_);
}

void MicroBatchExecutor::start(const Step& step) {
  step_ = step;
  assignment_ = division_.assign(static_cast<std::size_t>(step.sync->owned().size()), concurrency_);
}

bool MicroBatchExecutor::work(StagedWork::Walk& walk, int slot) {
  const LeafRange owned = step_.sync->owned();
  const Index in_shares = owned.first + static_cast<Index>(assignment_.whole);
  const auto run_whole = [&](std::size_t i) {
    run_micro_batch(slot_of(slot), owned.first + static_cast<Index>(i));
  };
  const auto idle = [&] { return step_.sync->progress(); };
  return walk.stage(assignment_.whole, run_whole, idle) &&
         (in_shares == owned.last || work_in_shares(walk, slot, {in_shares, owned.last}));
}

void MicroBatchExecutor::run_micro_batch(Slot& slot, Index micro_batch) {
  assemble(slot, micro_batch);
  run_forward(slot, {0, plan_.steps().size()});
  take_losses(slot);
  run_backward(slot, {0, plan_.steps().size()});
}

// Micro-batch i of those that threads share has the memory of slot i. Each thread uses its own
// slot's scratch.
bool MicroBatchExecutor::work_in_shares(StagedWork::Walk& walk, int slot, const LeafRange& range) {
  const auto count = static_cast<std::size_t>(range.size());
  const auto idle = [&] { return step_.sync->progress(); };
  const auto each = [&](const auto& run) {
    return walk.stage(
        count, [&](std::size_t i) { run(slots_[i]); }, idle);
  };
  const auto shared = [&](const auto& run) {
    return walk.stage(
        count * assignment_.shares,
        [&](std::size_t piece) {
          run(slots_[piece % count], Share{piece / count, assignment_.shares});
        },
        idle);
  };
  const auto forward = [&](const WorkDivision::Stage& stage) {
    if (!stage.divided) return each([&](Slot& of) { run_forward(of, {stage.first, stage.last}); });
    return shared([&](Slot& of, Share share) {
      of.pass.forward_step(stage.first, of.batch.context(), share);
    });
  };
  const auto backward = [&](const WorkDivision::Stage& stage) {
    if (!stage.divided) return each([&](Slot& of) { run_backward(of, {stage.first, stage.last}); });
    const auto share_of_step = [&](Slot& of, Share share) {
      of.pass.backward_step(stage.first, of.batch.context(), slot_of(slot).pass.scratch(), share);
    };
    return shared(share_of_step) && (!completes_bucket(stage.first) ||
                                     each([&](const Slot& of) { hand_in_after(stage.first, of); }));
  };
  const auto& first = division_.forward();
  const auto& second = division_.backward();
  return walk.stage(
             count,
             [&](std::size_t i) { assemble(slots_[i], range.first + static_cast<Index>(i)); }) &&
         std::all_of(first.begin(), first.end(), forward) &&
         each([&](Slot& of) { take_losses(of); }) &&
         std::all_of(second.rbegin(), second.rend(), backward);
}

void MicroBatchExecutor::assemble(Slot& slot, Index micro_batch) {
  const auto size = static_cast<std::size_t>(plan_.micro_batch());
  const std::span<const Index> batch = step_.batch.samples;
  const std::size_t first = static_cast<std::size_t>(micro_batch) * size;
  const auto samples = batch.subspan(first, std::min(size, batch.size() - first));
  slot.number = micro_batch;
  slot.pass.bind_parameters(step_.parameters);
  for (std::size_t b = 0; b < step_.sync->buckets().size(); ++b) {
    slot.buffers[b] = step_.sync->acquire(b);
    slot.pass.bind_gradients(step_.sync->buffer(b, slot.buffers[b]),
                             step_.sync->buckets()[b].first);
  }
  slot.batch.assemble(dataset_, samples,
                      {.training = true, .seed = settings_.seed, .epoch = step_.batch.epoch},
                      slot.pass);
}

void MicroBatchExecutor::run_forward(Slot& slot, IndexRange steps) {
  for (std::size_t i = steps.first; i < steps.last; ++i)
    slot.pass.forward_step(i, slot.batch.context());
}

void MicroBatchExecutor::run_backward(Slot& slot, IndexRange steps) {
  for (std::size_t i = steps.last; i-- > steps.first;) {
    slot.pass.backward_step(i, slot.batch.context(), slot.pass.scratch());
    hand_in_after(i, slot);
    step_.sync->progress();
  }
}

void MicroBatchExecutor::take_losses(Slot& slot) {
  slot.batch.take_loss(settings_.loss, slot.pass);
  step_.results[static_cast<std::size_t>(slot.number)] = slot.batch.result();
}

bool MicroBatchExecutor::completes_bucket(std::size_t step) const {
  const auto& buckets = step_.sync->buckets();
  return std::any_of(buckets.begin(), buckets.end(),
                     [&](const GradientBucket& bucket) { return bucket.last_step == step; });
}

void MicroBatchExecutor::hand_in_after(std::size_t step, const Slot& slot) const {
  for (std::size_t b = 0; b < step_.sync->buckets().size(); ++b) {
    if (step_.sync->buckets()[b].last_step != step) continue;
    step_.sync->finish_leaf(b, slot.number, slot.buffers[b]);
    if (settings_.heartbeat != nullptr) settings_.heartbeat->beat();
  }
}

}  // namespace lockstep
