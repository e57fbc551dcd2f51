#include "framework/training/step/sampler.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "framework/core/random.hpp"

namespace lockstep {

Sampler::Sampler(Index data_set_size, Index batch_size, std::uint64_t seed)
    : batch_size_(batch_size),
      steps_per_epoch_((data_set_size + batch_size - 1) / batch_size),
      seed_(seed),
      order_(static_cast<std::size_t>(data_set_size)) {
  assert(data_set_size > 0 && batch_size > 0);
}

GlobalBatch Sampler::batch(Index step) {
  const Index epoch = step / steps_per_epoch_;
  if (epoch != shuffled_epoch_) shuffle(epoch);
  const Index position = step % steps_per_epoch_;
  const Index first = position * batch_size_;
  const Index count = std::min(batch_size_, static_cast<Index>(order_.size()) - first);
  return {.epoch = static_cast<std::uint32_t>(epoch),
          .samples = std::span<const Index>(order_).subspan(static_cast<std::size_t>(first),
                                                            static_cast<std::size_t>(count)),
          .ends_epoch = position + 1 == steps_per_epoch_};
}

void Sampler::shuffle(Index epoch) {
  std::iota(order_.begin(), order_.end(), Index{0});
  const RandomStream stream(seed_, {"shuffle"});
  for (std::size_t i = order_.size() - 1; i > 0; --i) {
    const RandomWords words =
        stream.words(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32U),
                     static_cast<std::uint32_t>(epoch));
    std::swap(order_[i], order_[bounded(words[0], words[1], i + 1)]);
  }
  shuffled_epoch_ = epoch;
}

}  // namespace lockstep
