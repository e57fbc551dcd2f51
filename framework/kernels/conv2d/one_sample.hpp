#pragma once

// The forward pass of conv2d.hpp for one sample alone: vectors hold filters instead of samples.
//
// Layouts: input (C, H, W) and output (O, OH, OW) without lanes. Filters are packed once, see
// pack_filters. The bits are those of a lane of conv2d_forward.
// Threading contract: free functions of their arguments; the memory written must not be shared.

#include <cstddef>
#include <span>

#include "framework/kernels/conv2d/conv2d.hpp"

namespace lockstep {

/// Floats that pack_filters fills.
std::size_t packed_filters_size(const Conv2dGeometry& geometry);

/// Packs groups of 16 filters: (group, 1 + C * KH * KW, 16). The first 16 numbers of a group are
/// its biases, the others its weights in (c, ky, kx) order. Filters that the last group lacks are
/// +0.
/// @param weight  OIHW
/// @param bias    O, or empty: without bias
/// @param packed  64-byte aligned, packed_filters_size floats
void pack_filters(const Conv2dGeometry& geometry, std::span<const float> weight,
                  std::span<const float> bias, std::span<float> packed);

struct Conv2dOneSample {
  std::span<const float> input;   ///< (C, H, W)
  std::span<const float> packed;  ///< as pack_filters left it
  std::span<float> output;        ///< (O, OH, OW)
};

/// The arithmetic is that of conv2d_forward.
void conv2d_one_sample(const Conv2dGeometry& geometry, const Conv2dOneSample& arguments);

}  // namespace lockstep
