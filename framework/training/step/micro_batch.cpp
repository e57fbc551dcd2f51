#include "framework/training/step/micro_batch.hpp"

#include <algorithm>
#include <cassert>

namespace lockstep {

MicroBatch::MicroBatch(Index most)
    : lane_samples_(static_cast<std::size_t>(most)),
      labels_(lane_samples_.size()),
      losses_(lane_samples_.size()),
      classes_(lane_samples_.size()) {
  assert(most > 0 && lane_samples_.size() % kLanes == 0);
}

void MicroBatch::assemble(const Dataset& dataset, std::span<const Index> samples,
                          const Reading& reading, MicroBatchPass& pass) {
  assert(!samples.empty() && samples.size() <= lane_samples_.size());
  samples_ = samples.size();
  const auto idle = std::ranges::copy(samples, lane_samples_.begin()).out;
  std::fill(idle, lane_samples_.end(), samples.back());
  const std::span<const Label> labels = dataset.labels();
  for (std::size_t n = 0; n < samples_; ++n) {
    labels_[n] = labels[static_cast<std::size_t>(samples[n])];
  }
  pass.set_samples(samples_);
  lanes_ = pass.input().lanes();
  reading_ = reading;
  dataset.gather({.samples = context().samples,
                  .seed = reading.seed,
                  .epoch = reading.epoch,
                  .augment = reading.training},
                 pass.input());
}

PassContext MicroBatch::context() const {
  return {.training = reading_.training,
          .seed = reading_.seed,
          .epoch = reading_.epoch,
          .samples = std::span(lane_samples_).first(lanes_)};
}

void MicroBatch::take_loss(const Loss& loss, const MicroBatchPass& pass) {
  const ConstLaneView output = pass.output();
  loss.take({.outputs = output,
             .labels = labels(),
             .gradient = pass.output_gradient(),
             .losses = std::span(losses_).first(output.lanes())});
  loss.classify(output, std::span(classes_).first(samples_));
  result_ = {.samples = static_cast<Index>(samples_)};
  for (std::size_t n = 0; n < samples_; ++n) {
    result_.loss += static_cast<double>(losses_[n]);
    result_.correct += classes_[n] == labels_[n] ? 1 : 0;
  }
}

}  // namespace lockstep
