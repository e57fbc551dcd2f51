#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace lockstep {

/// Euclidean norm of a flat gradient, in double, with a fixed order of summation.
///
/// Within a chunk of 512 elements there are 16 accumulators, the l-th over elements i = l (mod 16)
/// ascending, folded 16 -> 8 -> 4 -> 2 -> 1. The sums of the chunks are added along the canonical
/// tree over chunks. Squares are exact. Threading contract: `add` may be called at the same time
/// for stretches that do not overlap; the rest by one thread at a time. Allocates nothing after
/// construction.
class GradientNorm {
 public:
  static constexpr std::size_t kChunk = 512;

  explicit GradientNorm(std::size_t size);

  /// Adds a stretch of whole chunks (the gradient's last chunk may be shorter).
  /// @param first  where it begins, a multiple of kChunk
  void add(std::size_t first, std::span<const float> stretch);

  /// The norm of the latest values of all chunks; each chunk must have been added.
  double norm() const;

 private:
  std::vector<double> chunk_sums_;
};

/// The factor by which a gradient of norm `norm` is scaled so that its norm does not exceed
/// `limit`: limit / (norm + 1e-6) where that is below 1 (PyTorch's clip_grad_norm_).
std::optional<float> clip_factor(double norm, double limit);

}  // namespace lockstep
