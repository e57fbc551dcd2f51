#pragma once

// Pixels of 16 images, a byte each, side by side as the 16 lanes of a block.
//
// Layouts: each image contiguous; the output (pixel, 16), `stride` floats from one pixel to the
// next. Threading contract: a free function of its arguments.

#include <array>
#include <cstddef>
#include <cstdint>

#include "framework/core/lane_view.hpp"

namespace lockstep {

struct BytesToLanes {
  std::array<const std::uint8_t*, kLanes> images;  ///< `pixels` bytes each; may be the same
  std::size_t pixels;
  float factor;
  float offset;
  float* output;  ///< 64-byte aligned
  std::size_t stride;
};

/// output[p, l] = fma(images[l][p], factor, offset)
void bytes_to_lanes(const BytesToLanes& arguments);

}  // namespace lockstep
