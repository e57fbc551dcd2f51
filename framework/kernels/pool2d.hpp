#pragma once

// Average and maximum pooling and their derivatives.
//
// Layouts: images (C, H, W) x lanes in either layout of BasicLaneView. Padding is at most half the
// kernel, so every window holds an element of the image.
// Threading contract: free functions of their arguments; the memory written must not be shared.

#include <span>

#include "framework/core/lane_view.hpp"
#include "framework/kernels/window.hpp"

namespace lockstep {

/// float(1 / (kernel rows x kernel columns)): padding counts as zeros.
float average_factor(const Window& window);

struct PoolForward {
  ConstLaneView input;  ///< (C, H, W) x lanes
  LaneView output;      ///< (C, OH, OW) x lanes
};

/// output = the window's first element inside the image, plus the others in (ky, kx) order, times
/// average_factor.
void average_pool2d_forward(const WindowedImage& geometry, const PoolForward& arguments);

struct PoolBackward {
  ConstLaneView output_gradient;  ///< (C, OH, OW) x lanes
  LaneView input_gradient;        ///< (C, H, W) x lanes
};

/// input_gradient = +0, then fma(output_gradient[oy, ox], average_factor, .) over the windows that
/// cover the element, (oy, ox) ascending.
void average_pool2d_backward(const WindowedImage& geometry, const PoolBackward& arguments);

/// output = the window's greatest element inside the image; the first in (ky, kx) order wins ties.
/// A NaN beats every number, so that it stays visible; the first NaN wins.
/// @param winners  (C, OH, OW) x lanes: ky * kernel columns + kx of the winner, as a float; without
///                 data: not wanted
void max_pool2d_forward(const WindowedImage& geometry, const PoolForward& arguments,
                        LaneView winners);

/// input_gradient = +0, then plus output_gradient of the windows that cover the element, (oy, ox)
/// ascending, where the element is the window's winner, and plus +0 where it is not.
/// @param winners  as max_pool2d_forward left them
void max_pool2d_backward(const WindowedImage& geometry, const PoolBackward& arguments,
                         ConstLaneView winners);

}  // namespace lockstep
