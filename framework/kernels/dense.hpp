#pragma once

// Fully connected layer and its gradients.
//
// Layouts: activations (features, lanes) in either layout of BasicLaneView, weights (O, I), bias O.
// Threading contract: free functions of their arguments; the memory written must not be shared.

#include <cstddef>
#include <span>

#include "framework/core/lane_view.hpp"

namespace lockstep {

struct DenseForward {
  ConstLaneView input;            ///< (I, lanes)
  std::span<const float> weight;  ///< (O, I)
  std::span<const float> bias;    ///< O, or empty: without bias
  LaneView output;                ///< (O, lanes)
};

/// output[o] = bias[o] (+0 without bias), then fma(weight[o, i], input[i], .) over i ascending.
void dense_forward(const DenseForward& arguments);

struct DenseInputGradient {
  ConstLaneView output_gradient;  ///< (O, lanes)
  std::span<const float> weight;  ///< (O, I)
  LaneView input_gradient;        ///< (I, lanes)
};

/// input_gradient[i] = +0, then fma(weight[o, i], output_gradient[o], .) over o ascending.
void dense_input_gradient(const DenseInputGradient& arguments);

struct DenseParameterGradient {
  ConstLaneView input;               ///< (I, lanes)
  ConstLaneView output_gradient;     ///< (O, lanes)
  std::span<float> weight_gradient;  ///< (O, I)
  std::span<float> bias_gradient;    ///< O, or empty: not wanted
  /// dense_scratch floats, 64-byte aligned, contents undefined.
  std::span<float> scratch;
};

/// Sums over the lanes n (samples) ascending, from +0: fma(output_gradient[o, n], input[i, n], .)
/// for weight (o, i), and the addition of output_gradient[o, n] for bias o.
void dense_parameter_gradient(const DenseParameterGradient& arguments);

/// Floats of scratch that dense_parameter_gradient needs: the input with samples outermost.
std::size_t dense_scratch(std::size_t inputs, std::size_t lanes);

}  // namespace lockstep
