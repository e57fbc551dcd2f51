#pragma once

// The two ways of conv2d_forward, each compiled by itself.

#include "framework/kernels/conv2d/conv2d.hpp"

namespace lockstep {

/// conv2d_forward where no pooling follows.
void conv2d_forward_plain(const Conv2dGeometry& geometry, const Conv2dForward& arguments);

/// conv2d_forward where pooling follows.
void conv2d_forward_pooled(const Conv2dGeometry& geometry, const Conv2dForward& arguments);

}  // namespace lockstep
