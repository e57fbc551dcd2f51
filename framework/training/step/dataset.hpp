#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "framework/core/digest.hpp"
#include "framework/core/label.hpp"
#include "framework/core/lane_view.hpp"
#include "framework/core/shape.hpp"

namespace lockstep {

/// One micro-batch to be assembled.
struct GatherRequest {
  /// Positions in the data set, one per lane. A micro-batch with fewer samples than lanes repeats
  /// its last one: an idle lane must not meet numbers that no sample has. Its gradient of +0 times
  /// an infinity would be NaN, and sums over lanes would include it.
  std::span<const Index> samples;
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  bool augment = false;  ///< draws are keyed by (seed, epoch, position), so no order matters
};

/// Labelled samples that can be put into lanes, normalised and augmented.
///
/// Threading contract: const members may be called from many threads at once; `gather` allocates
/// nothing.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual Index size() const = 0;
  virtual Shape sample_shape() const = 0;  ///< (C, H, W)
  virtual Index classes() const = 0;
  /// One label per sample, each in [0, classes).
  virtual std::span<const Label> labels() const = 0;

  /// Fills `block`, (C*H*W, lanes) in either layout.
  virtual void gather(const GatherRequest& request, LaneView block) const = 0;
};

}  // namespace lockstep
