#pragma once

// Functions of each element by itself: activations with their derivatives computed from the output,
// and the elementary functions, with the bits of framework/core/elementary.hpp.
//
// Layouts: all views of a call have the same features and blocks, each in either layout of
// BasicLaneView. Threading contract: free functions of their arguments.

#include "framework/core/lane_view.hpp"

namespace lockstep {

struct ActivationForward {
  ConstLaneView input;
  LaneView output;
};

struct ActivationBackward {
  ConstLaneView output;  ///< as forward left it
  ConstLaneView output_gradient;
  LaneView input_gradient;
};

/// x > 0 ? x : +0 (so a NaN gives +0)
void relu_forward(const ActivationForward& arguments);
/// y > 0 ? g : +0
void relu_backward(const ActivationBackward& arguments);

/// elementary::tanh
void tanh_forward(const ActivationForward& arguments);
/// g * fma(-y, y, 1)
void tanh_backward(const ActivationBackward& arguments);

/// elementary::sigmoid
void sigmoid_forward(const ActivationForward& arguments);
/// g * (y * (1 - y))
void sigmoid_backward(const ActivationBackward& arguments);

/// elementary::exp
void exp_lanes(const ActivationForward& arguments);

/// elementary::log
void log_lanes(const ActivationForward& arguments);

}  // namespace lockstep
