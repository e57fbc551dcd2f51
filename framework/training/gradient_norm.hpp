#pragma once

#include <span>
#include <vector>

namespace lockstep {

/// Euclidean norm of a flat gradient, in double, with a fixed order of summation.
///
/// Chunks of 512 elements: 16 accumulators, the l-th over elements i = l (mod 16) ascending, folded
/// 16 -> 8 -> 4 -> 2 -> 1; the chunks' sums along the canonical tree over chunks. Squares are
/// exact. Threading contract: one thread at a time. Allocates nothing after construction.
class GradientNorm {
 public:
  explicit GradientNorm(std::size_t size);

  double norm(std::span<const float> gradient);

 private:
  std::vector<double> chunk_sums_;
};

/// Scales the gradient so that its norm does not exceed `limit`: by limit / (norm + 1e-6) where
/// that is below 1 (PyTorch's clip_grad_norm_).
void clip_by_norm(std::span<float> gradient, double norm, double limit);

}  // namespace lockstep
