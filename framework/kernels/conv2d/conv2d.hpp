#pragma once

// Two-dimensional convolution (cross-correlation, as everywhere in this field) with what usually
// follows it, an activation and 2x2 pooling, and the gradients of the whole.
//
// Layouts: inputs (C, H, W) x lanes and their gradients are blocked; outputs and their gradients
// are in either layout of BasicLaneView; weights OIHW, bias O. Taps outside the image are skipped:
// they take part in no operation. Threading contract: free functions of their arguments; the memory
// written must not be shared.

#include <cstddef>
#include <span>

#include "framework/core/lane_view.hpp"
#include "framework/core/share.hpp"
#include "framework/kernels/epilogue.hpp"
#include "framework/kernels/window.hpp"

namespace lockstep {

struct Conv2dGeometry {
  WindowedImage input;
  std::size_t filters = 1;
  Epilogue epilogue{};

  std::size_t weights_per_filter() const {
    return input.image.channels * input.window.kernel.size();
  }
  std::size_t weights() const { return filters * weights_per_filter(); }

  /// Positions of the window whose outputs are used. Pooling leaves out an odd last row or column.
  Extent2d positions() const;
  /// Rows and columns of the result, after pooling.
  Extent2d output() const;
};

/// Memory beside inputs, outputs and gradients, in floats.
struct Conv2dMemory {
  std::size_t saved = 0;    ///< from forward to backward
  std::size_t scratch = 0;  ///< within backward
};
Conv2dMemory conv2d_memory(const Conv2dGeometry& geometry, std::size_t blocks);

struct Conv2dForward {
  ConstLaneView input;            ///< (C, H, W) x lanes
  std::span<const float> weight;  ///< OIHW
  std::span<const float> bias;    ///< O, or empty: without bias
  LaneView output;                ///< (O, OH, OW) x lanes
  std::span<float> saved;         ///< 64-byte aligned; or empty: no backward follows
  Share share{};                  ///< of the output's rows
};

/// The convolution is bias[o] (+0 without bias), then fma(weight[o, c, ky, kx], input[c, y, x], .)
/// over (c, ky, kx) ascending. The epilogue gives the bits of the separate kernels in
/// activation.hpp and pool2d.hpp.
void conv2d_forward(const Conv2dGeometry& geometry, const Conv2dForward& arguments);

struct Conv2dBackward {
  ConstLaneView input;               ///< (C, H, W) x lanes
  ConstLaneView output;              ///< (O, OH, OW) x lanes, as forward left it
  ConstLaneView output_gradient;     ///< (O, OH, OW) x lanes
  std::span<const float> weight;     ///< OIHW
  std::span<float> weight_gradient;  ///< OIHW
  std::span<float> bias_gradient;    ///< O, or empty: without bias
  LaneView input_gradient;           ///< (C, H, W) x lanes; without data: not wanted
  std::span<const float> saved;      ///< as forward left it
  std::span<float> scratch;          ///< 64-byte aligned, contents undefined
  Share share{};                     ///< of the filters' gradients and of the input's rows
};

/// First computes the gradient of the convolution's own output, like the kernels of the epilogue.
///
/// Parameters: each gradient has 16 sums, one per lane, that start at +0. Over blocks, then output
/// rows, then output columns ascending, a weight's sums take fma(gradient, input, .), and a bias's
/// sums add the gradient. Lanes are then folded: l += l + 8, then + 4, + 2, + 1.
/// Input: input_gradient[c, y, x] = +0, then fma(weight[o, c, ky, kx], gradient[o, oy, ox], .) over
/// (o, ky, kx) ascending, where tap (ky, kx) of window (oy, ox) lies on (y, x).
void conv2d_backward(const Conv2dGeometry& geometry, const Conv2dBackward& arguments);

}  // namespace lockstep
