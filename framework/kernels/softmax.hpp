#pragma once

// Softmax, its cross-entropy loss with label smoothing, and the arg max; each lane by itself.
//
// Layouts: (K, lanes) in either layout of BasicLaneView, K classes.
// Threading contract: free functions of their arguments.
//
// Orders: max is the first of the greatest logits; e_k = exp(x_k - max); sum = e_0 + e_1 + ... in
// class order; p_k = e_k / sum.

#include <span>

#include "framework/core/label.hpp"
#include "framework/core/lane_view.hpp"

namespace lockstep {

struct SoftmaxCrossEntropy {
  ConstLaneView logits;  ///< (K, lanes)
  /// Classes of the samples in the first lanes, each below K. The lanes beyond hold no sample.
  std::span<const Label> labels;
  float label_smoothing = 0.0F;  ///< e in [0, 1): target_k = (k = label ? 1 - e : 0) + e / K
  LaneView gradient;             ///< (K, lanes); without data: not wanted
  std::span<float> losses;       ///< one per lane
};

/// losses = (log(sum) - (1 - e) (x_label - max)) - (e / K) ((x_0 - max) + (x_1 - max) + ...), and
/// gradient_k = p_k - target_k, the derivative of one sample's loss (not divided by a batch size).
/// Lanes without a sample get a loss and gradients of +0. A NaN logit makes the lane's loss NaN.
void softmax_cross_entropy(const SoftmaxCrossEntropy& arguments);

/// probabilities_k = p_k
void softmax_probabilities(ConstLaneView logits, LaneView probabilities);

/// The first of the greatest logits in each lane. NaN is never greater.
/// @param classes  one per lane, for the first classes.size() lanes
void arg_max(ConstLaneView logits, std::span<Label> classes);

}  // namespace lockstep
