#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "framework/core/shape.hpp"

namespace lockstep {

/// The samples of one global batch, and where it stands in its epoch.
struct GlobalBatch {
  std::uint32_t epoch = 0;         ///< counted from 0
  std::span<const Index> samples;  ///< positions in the data set, in order; the epoch's last batch
                                   ///< may be shorter than the others
  bool ends_epoch = false;
};

/// Which samples make up each step's batch: every epoch visits each sample once, in an order that
/// is a function of (seed, epoch) alone, so that a resumed run needs no generator state.
///
/// The order is Fisher and Yates's shuffle with the draw for position i keyed by (seed, epoch, i).
/// Threading contract: one thread at a time.
class Sampler {
 public:
  Sampler(Index data_set_size, Index batch_size, std::uint64_t seed);

  Index steps_per_epoch() const { return steps_per_epoch_; }

  /// The batch of a step counted from 0. The span lives until the next call.
  GlobalBatch batch(Index step);

 private:
  Index batch_size_;
  Index steps_per_epoch_;
  std::uint64_t seed_;
  std::vector<Index> order_;
  Index shuffled_epoch_ = -1;

  void shuffle(Index epoch);
};

}  // namespace lockstep
