#pragma once

// The optimizers' updates, element by element. Products and sums are rounded one by one, never
// fused, in the order of the formulas.
//
// Layouts: flat buffers of the same length, any alignment.
// Threading contract: free functions of their arguments; disjoint stretches may be updated at once.

#include <span>

namespace lockstep {

struct SgdUpdate {
  std::span<float> values;
  std::span<const float> gradient;
  std::span<float> momentum_buffer;  ///< or empty: without momentum
  float learning_rate;
  float weight_decay;
  float momentum;
  bool nesterov;
};

/// g = gradient + weight_decay * value; buffer = momentum * buffer + g;
/// value = value - learning_rate * (nesterov ? g + momentum * buffer : buffer), or * g without
/// momentum.
void sgd_update(const SgdUpdate& arguments);

struct AdamUpdate {
  std::span<float> values;
  std::span<const float> gradient;
  std::span<float> first_moment;
  std::span<float> second_moment;
  float learning_rate;  ///< over 1 - beta1^t
  float root;           ///< sqrt(1 - beta2^t)
  float weight_decay;
  float beta1;
  float beta2;
  float rest1;  ///< 1 - beta1
  float rest2;  ///< 1 - beta2
  float epsilon;
};

/// g = gradient + weight_decay * value; m = beta1 * m + rest1 * g;
/// v = beta2 * v + (rest2 * g) * g; value = value - (learning_rate * m) / (sqrt(v) / root +
/// epsilon)
void adam_update(const AdamUpdate& arguments);

/// gradient = sum / divisor
void divide_buffer(std::span<const float> sum, float divisor, std::span<float> gradient);

/// Whether no element is NaN or infinite.
bool all_finite(std::span<const float> values);

}  // namespace lockstep
