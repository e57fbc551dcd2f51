#include "framework/training/evaluation/evaluator.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <numeric>

#include "framework/core/aligned_buffer.hpp"
#include "framework/kernels/buffers.hpp"
#include "framework/training/exchange/canonical_tree.hpp"

namespace lockstep {
namespace {

std::vector<MessagePart> equal_parts(int ranks, std::size_t bytes) {
  std::vector<MessagePart> parts;
  for (int r = 0; r < ranks; ++r) parts.push_back({static_cast<std::size_t>(r) * bytes, bytes});
  return parts;
}

// Ranks wait for one another after this many micro-batches each. A rank that is faster then stands
// still no longer than the others need for these.
constexpr Index kRound = 64;

}  // namespace

Evaluator::Evaluator(const Graph& graph, const ParameterLayout& layout, const WorkerTeam& team,
                     const Loss& loss, Heartbeat* heartbeat)
    : layout_(layout),
      team_(team),
      loss_(loss),
      heartbeat_(heartbeat),
      plan_(graph, kMicroBatch, PlanPurpose::inference),
      inspection_plan_(graph, kMicroBatch, PlanPurpose::inspection),
      inspection_(make_slot(inspection_plan_)),
      scaled_(layout.size()) {
  slots_.reserve(static_cast<std::size_t>(team.threads()));
  for (int slot = 0; slot < team.threads(); ++slot) slots_.push_back(make_slot(plan_));
}

Evaluator::Slot Evaluator::make_slot(const Plan& plan) const {
  const auto classes = static_cast<std::size_t>(plan.graph().output_shape().size());
  return {.pass = MicroBatchPass(plan, layout_),
          .batch = MicroBatch(kMicroBatch),
          .confusion = std::vector<Index>(classes * classes)};
}

void Evaluator::scale(std::span<const float> parameters) {
  layout_.apply_scales(parameters, scaled_.span());
}

void Evaluator::forward(Slot& slot, const Dataset& dataset, const LeafRange& samples) {
  std::array<Index, static_cast<std::size_t>(kMicroBatch)> positions{};
  const auto used = std::span(positions).first(static_cast<std::size_t>(samples.size()));
  std::iota(used.begin(), used.end(), samples.first);
  slot.batch.assemble(dataset, used, {.training = false}, slot.pass);
  slot.pass.forward(scaled_.span(), slot.batch.context());
}

MicroBatchResult Evaluator::run_micro_batch(Slot& slot, const Dataset& dataset, Index micro_batch) {
  const Index first = micro_batch * kMicroBatch;
  const LeafRange samples{first, std::min(first + kMicroBatch, dataset.size())};
  forward(slot, dataset, samples);
  slot.batch.take_loss(loss_, slot.pass);
  const std::size_t classes = slot.pass.output().features;
  for (std::size_t n = 0; n < slot.batch.samples(); ++n) {
    ++slot.confusion[slot.batch.labels()[n] * classes + slot.batch.classes()[n]];
  }
  if (heartbeat_ != nullptr) heartbeat_->beat();
  MicroBatchResult result = slot.batch.result();
  // A loss can be finite although an output is not.
  const ConstLaneView output = slot.pass.output();
  if (!all_finite({output.data, output.features * output.lanes()})) result.loss = kNotMeasured;
  return result;
}

void Evaluator::run_micro_batches(const LeafRange& part, const Dataset& dataset,
                                  std::span<MicroBatchResult> results) {
  std::atomic<Index> next = part.first;
  const auto work = [&](int slot_number) {
    Slot& slot = slots_[static_cast<std::size_t>(slot_number)];
    for (Index i = next++; i < part.last; i = next++) {
      results[static_cast<std::size_t>(i)] = run_micro_batch(slot, dataset, i);
    }
  };
  team_.run(work);
}

EvaluationResult Evaluator::evaluate(std::span<const float> parameters, const Dataset& dataset,
                                     Communicator& communicator) {
  scale(parameters);
  const Index leaves = (dataset.size() + kMicroBatch - 1) / kMicroBatch;
  const LeafRange owned = owned_leaves(leaves, communicator.rank(), communicator.size());
  std::vector<MicroBatchResult> results(static_cast<std::size_t>(leaves));
  for (Slot& slot : slots_) std::fill(slot.confusion.begin(), slot.confusion.end(), Index{0});
  const Index rounds = (leaves + kRound * communicator.size() - 1) / (kRound * communicator.size());
  for (Index round = 0; round < rounds; ++round) {
    const LeafRange part{owned.first + owned.size() * round / rounds,
                         owned.first + owned.size() * (round + 1) / rounds};
    run_micro_batches(part, dataset, results);
    communicator.barrier();
    if (heartbeat_ != nullptr) heartbeat_->beat();
    if (watcher_) watcher_(dataset.size() * (round + 1) / rounds, dataset.size());
  }

  std::vector<MessagePart> parts;
  for (int r = 0; r < communicator.size(); ++r) {
    const LeafRange theirs = owned_leaves(leaves, r, communicator.size());
    parts.push_back({static_cast<std::size_t>(theirs.first) * sizeof(MicroBatchResult),
                     static_cast<std::size_t>(theirs.size()) * sizeof(MicroBatchResult)});
  }
  communicator.all_gather(std::as_writable_bytes(std::span(results)), parts);

  EvaluationResult total;
  std::vector<double> losses;
  for (const MicroBatchResult& result : results) {
    losses.push_back(result.loss);
    total.samples += result.samples;
    total.correct += result.correct;
  }
  total.loss_sum = canonical_sum(losses);
  total.confusion = add_confusions(communicator, slots_.front().pass.output().features);
  return total;
}

std::vector<Index> Evaluator::add_confusions(Communicator& communicator, std::size_t classes) {
  const std::size_t cells = classes * classes;
  const auto ranks = static_cast<std::size_t>(communicator.size());
  std::vector<Index> all(cells * ranks);
  const auto mine =
      std::span(all).subspan(static_cast<std::size_t>(communicator.rank()) * cells, cells);
  for (const Slot& slot : slots_) {
    std::transform(mine.begin(), mine.end(), slot.confusion.begin(), mine.begin(), std::plus<>{});
  }
  communicator.all_gather(std::as_writable_bytes(std::span(all)),
                          equal_parts(communicator.size(), cells * sizeof(Index)));
  std::vector<Index> total(cells);
  for (std::size_t i = 0; i < all.size(); ++i) total[i % cells] += all[i];
  return total;
}

std::vector<float> Evaluator::probabilities(std::span<const float> parameters,
                                            const Dataset& dataset) {
  scale(parameters);
  const std::size_t classes = slots_.front().pass.output().features;
  std::vector<float> all(static_cast<std::size_t>(dataset.size()) * classes);
  std::atomic<Index> next = 0;
  const auto work = [&](int slot_number) {
    Slot& slot = slots_[static_cast<std::size_t>(slot_number)];
    AlignedBuffer<float> memory(classes * static_cast<std::size_t>(kMicroBatch));
    for (Index i = next++; i * kMicroBatch < dataset.size(); i = next++) {
      const LeafRange samples{i * kMicroBatch, std::min((i + 1) * kMicroBatch, dataset.size())};
      forward(slot, dataset, samples);
      const LaneView block = whole_view(memory.span().data(), classes, slot.pass.output().blocks);
      loss_.probabilities(slot.pass.output(), block);
      for (Index n = samples.first; n < samples.last; ++n) {
        const auto lane = static_cast<std::size_t>(n - samples.first);
        for (std::size_t k = 0; k < classes; ++k) {
          all[static_cast<std::size_t>(n) * classes + k] =
              block.at(k, lane / kLanes)[lane % kLanes];
        }
      }
    }
  };
  team_.run(work);
  return all;
}

std::vector<ActivationFigures> Evaluator::activations(std::span<const float> parameters,
                                                      const Dataset& dataset) {
  scale(parameters);
  const LeafRange samples{0, std::min(kMicroBatch, dataset.size())};
  forward(inspection_, dataset, samples);
  std::vector<ActivationFigures> figures;
  const std::vector<GraphNode>& nodes = inspection_plan_.graph().nodes();
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    figures.push_back(
        activation_figures({.values = inspection_.pass.output_of(node),
                            .samples = static_cast<std::size_t>(samples.size()),
                            .type = nodes[node].type,
                            .units = static_cast<std::size_t>(nodes[node].output_shape[0])}));
  }
  return figures;
}

}  // namespace lockstep
