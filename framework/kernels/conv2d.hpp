#pragma once

// Two-dimensional convolution (cross-correlation, as everywhere in this field) and its gradients.
//
// Layouts: images (C, H, W) x lanes in either layout of BasicLaneView, weights OIHW, bias O.
// Taps that fall outside the image are skipped: they take part in no operation.
// Threading contract: free functions of their arguments; the memory written must not be shared.

#include <cstddef>
#include <span>

#include "framework/core/lane_view.hpp"
#include "framework/kernels/window.hpp"

namespace lockstep {

struct Conv2dGeometry {
  WindowedImage input;
  std::size_t filters = 1;

  std::size_t weights_per_filter() const {
    return input.image.channels * input.window.kernel.size();
  }
  std::size_t weights() const { return filters * weights_per_filter(); }
};

struct Conv2dForward {
  ConstLaneView input;            ///< (C, H, W) x lanes
  std::span<const float> weight;  ///< OIHW
  std::span<const float> bias;    ///< O, or empty: without bias
  LaneView output;                ///< (O, OH, OW) x lanes
};

/// output[o, oy, ox] = bias[o] (+0 without bias), then fma(weight[o, c, ky, kx], input[c, y, x], .)
/// over (c, ky, kx) ascending.
void conv2d_forward(const Conv2dGeometry& geometry, const Conv2dForward& arguments);

struct Conv2dInputGradient {
  ConstLaneView output_gradient;  ///< (O, OH, OW) x lanes
  std::span<const float> weight;  ///< OIHW
  LaneView input_gradient;        ///< (C, H, W) x lanes
};

/// input_gradient[c, y, x] = +0, then fma(weight[o, c, ky, kx], output_gradient[o, oy, ox], .) over
/// (o, ky, kx) ascending, where tap (ky, kx) of window (oy, ox) lies on (y, x).
void conv2d_input_gradient(const Conv2dGeometry& geometry, const Conv2dInputGradient& arguments);

struct Conv2dParameterGradient {
  ConstLaneView input;               ///< (C, H, W) x lanes
  ConstLaneView output_gradient;     ///< (O, OH, OW) x lanes
  std::span<float> weight_gradient;  ///< OIHW
  std::span<float> bias_gradient;    ///< O, or empty: not wanted
  /// conv2d_scratch floats, 64-byte aligned, contents undefined.
  std::span<float> scratch;
};

/// Each gradient has 16 sums, one a lane, that start at +0 and take, over blocks, then output rows,
/// then output columns ascending, for a weight fma(output_gradient, input, .) and for a bias the
/// addition of output_gradient. Lanes are then folded: l += l + 8, then + 4, + 2, + 1.
void conv2d_parameter_gradient(const Conv2dGeometry& geometry,
                               const Conv2dParameterGradient& arguments);

/// Floats of scratch that conv2d_parameter_gradient needs.
std::size_t conv2d_scratch(const Conv2dGeometry& geometry);

}  // namespace lockstep
