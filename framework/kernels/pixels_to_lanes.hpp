#pragma once

// Pixels of 16 images, bytes or floats, side by side as the 16 lanes of a block.
//
// Layouts: each image contiguous; the output (pixel, 16), `stride` floats from one pixel to the
// next. Threading contract: free functions of their arguments.

#include <array>
#include <cstddef>
#include <cstdint>

#include "framework/core/lane_view.hpp"

namespace lockstep {

template <class Pixel>
struct PixelsToLanes {
  std::array<const Pixel*, kLanes> images;  ///< `pixels` each; may be the same
  std::size_t pixels;
  float factor;
  float offset;
  float* output;  ///< 64-byte aligned
  std::size_t stride;
};

/// output[p, l] = fma(images[l][p], factor, offset)
void pixels_to_lanes(const PixelsToLanes<std::uint8_t>& arguments);
void pixels_to_lanes(const PixelsToLanes<float>& arguments);

}  // namespace lockstep
