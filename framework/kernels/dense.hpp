#pragma once

// Fully connected layer with the activation that follows it, and the gradients of both.
//
// Layouts: activations (features, lanes) in either layout of BasicLaneView, weights (O, I), bias O.
// Threading contract: free functions of their arguments; the memory written must not be shared.

#include <cstddef>
#include <span>

#include "framework/core/lane_view.hpp"
#include "framework/core/share.hpp"
#include "framework/kernels/epilogue.hpp"

namespace lockstep {

struct DenseForward {
  ConstLaneView input;            ///< (I, lanes)
  std::span<const float> weight;  ///< (O, I)
  std::span<const float> bias;    ///< O, or empty: without bias
  LaneView output;                ///< (O, lanes)
  Share share{};                  ///< of the outputs
};

/// The sum is bias[o] (+0 without bias), then fma(weight[o, i], input[i], .) over i ascending. The
/// activation gives the bits of activation.hpp.
void dense_forward(Activation activation, const DenseForward& arguments);

struct DenseBackward {
  ConstLaneView input;               ///< (I, lanes)
  ConstLaneView output;              ///< (O, lanes), as forward left it
  ConstLaneView output_gradient;     ///< (O, lanes)
  std::span<const float> weight;     ///< (O, I)
  std::span<float> weight_gradient;  ///< (O, I)
  std::span<float> bias_gradient;    ///< O, or empty: without bias
  LaneView input_gradient;           ///< (I, lanes); without data: not wanted
  /// dense_scratch floats, 64-byte aligned, contents undefined.
  std::span<float> scratch;
  Share share{};  ///< of the outputs for weights and biases, of the inputs for the input's gradient
};

/// With g the gradient before the activation:
/// weight_gradient[o, i] = +0, then fma(g[o, n], input[i, n], .) over the lanes n ascending;
/// bias_gradient[o] = +0, then the addition of g[o, n] over the lanes n ascending;
/// input_gradient[i] = +0, then fma(weight[o, i], g[o], .) over o ascending.
void dense_backward(Activation activation, const DenseBackward& arguments);

struct DenseSize {
  std::size_t inputs;
  std::size_t outputs;
  std::size_t lanes;
};

/// Floats of scratch that dense_backward needs: for the input with samples outermost, and for g.
std::size_t dense_scratch(const DenseSize& size);

}  // namespace lockstep
