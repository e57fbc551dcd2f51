#include "framework/training/micro_batch_executor.hpp"

#include <algorithm>
#include <atomic>

#include "framework/kernels/softmax.hpp"

namespace lockstep {

MicroBatchExecutor::MicroBatchExecutor(const Plan& plan, const ParameterLayout& layout,
                                       const Dataset& dataset, const WorkerTeam& team,
                                       const Settings& settings)
    : plan_(plan), dataset_(dataset), team_(team), settings_(settings) {
  const auto lanes = static_cast<std::size_t>(plan.micro_batch());
  slots_.reserve(static_cast<std::size_t>(team.threads()));
  for (int slot = 0; slot < team.threads(); ++slot) {
    slots_.push_back({.pass = MicroBatchPass(plan, layout),
                      .lane_samples = std::vector<Index>(lanes),
                      .labels = std::vector<std::uint8_t>(lanes),
                      .losses = std::vector<float>(lanes),
                      .classes = std::vector<std::uint8_t>(lanes)});
  }
}

Index MicroBatchExecutor::micro_batches(Index samples) const {
  return (samples + plan_.micro_batch() - 1) / plan_.micro_batch();
}

void MicroBatchExecutor::run(const GlobalBatch& batch, std::span<const float> parameters,
                             GradientSync& sync, std::span<MicroBatchResult> results) {
  const LeafRange owned = sync.owned();
  const auto size = static_cast<std::size_t>(plan_.micro_batch());
  std::atomic<Index> next = owned.first;
  const auto work = [&](int slot_number) {
    Slot& slot = slots_[static_cast<std::size_t>(slot_number)];
    for (Index i = next++; i < owned.last; i = next++) {
      const std::size_t first = static_cast<std::size_t>(i) * size;
      const auto samples =
          batch.samples.subspan(first, std::min(size, batch.samples.size() - first));
      const int buffer = sync.reduction().acquire();
      results[static_cast<std::size_t>(i)] =
          run_micro_batch(slot, samples, batch.epoch, parameters, sync.reduction().buffer(buffer));
      sync.reduction().finish_leaf(i, buffer);
    }
  };
  team_.run(work);
}

MicroBatchResult MicroBatchExecutor::run_micro_batch(Slot& slot, std::span<const Index> samples,
                                                     std::uint32_t epoch,
                                                     std::span<const float> parameters,
                                                     std::span<float> gradient) {
  MicroBatchPass& pass = slot.pass;
  pass.set_samples(samples.size());
  const std::size_t lanes = pass.input().lanes();
  const auto idle = std::copy(samples.begin(), samples.end(), slot.lane_samples.begin());
  std::fill(idle, slot.lane_samples.end(), samples.back());
  const std::span<const Index> lane_samples = std::span(slot.lane_samples).first(lanes);
  for (std::size_t n = 0; n < samples.size(); ++n) {
    slot.labels[n] = dataset_.labels()[static_cast<std::size_t>(samples[n])];
  }
  dataset_.gather(
      {.samples = lane_samples, .seed = settings_.seed, .epoch = epoch, .augment = true},
      pass.input());

  const PassContext context{
      .training = true, .seed = settings_.seed, .epoch = epoch, .samples = lane_samples};
  pass.forward(parameters, context);
  softmax_cross_entropy({.logits = pass.output(),
                         .labels = std::span<const std::uint8_t>(slot.labels).first(samples.size()),
                         .label_smoothing = settings_.label_smoothing,
                         .gradient = pass.output_gradient(),
                         .losses = std::span<float>(slot.losses).first(lanes)});
  arg_max(pass.output(), std::span<std::uint8_t>(slot.classes).first(samples.size()));
  pass.backward(parameters, gradient, context);

  MicroBatchResult result{.samples = static_cast<Index>(samples.size())};
  for (std::size_t n = 0; n < samples.size(); ++n) {
    result.loss += static_cast<double>(slot.losses[n]);
    result.correct += slot.classes[n] == slot.labels[n] ? 1 : 0;
  }
  return result;
}

}  // namespace lockstep
