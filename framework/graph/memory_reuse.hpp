#pragma once

#include <cstddef>
#include <span>

namespace lockstep {

/// A stretch of memory that is in use from one step to another, both included.
struct LiveStretch {
  std::size_t floats = 0;
  std::size_t first_step = 0;
  std::size_t last_step = 0;
  std::size_t offset = 0;  ///< floats; chosen by place_stretches
};

/// Chooses offsets so that no two stretches in use at the same step overlap: the largest stretch
/// first, each at the first place that is free while it is in use.
/// @return floats of the whole memory
/// @see Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", 5.2
std::size_t place_stretches(std::span<LiveStretch> stretches);

}  // namespace lockstep
