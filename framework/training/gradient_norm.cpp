#include "framework/training/gradient_norm.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "framework/training/canonical_tree.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kChunk = 512;
constexpr std::size_t kAccumulators = 16;

double sum_of_squares(std::span<const float> chunk) {
  std::array<double, kAccumulators> sums{};
  std::size_t i = 0;
  for (; i + kAccumulators <= chunk.size(); i += kAccumulators) {
    for (std::size_t l = 0; l < kAccumulators; ++l) {
      const auto g = static_cast<double>(chunk[i + l]);
      sums[l] += g * g;
    }
  }
  for (std::size_t l = 0; i + l < chunk.size(); ++l) {
    const auto g = static_cast<double>(chunk[i + l]);
    sums[l] += g * g;
  }
  for (std::size_t half = kAccumulators / 2; half > 0; half /= 2) {
    for (std::size_t l = 0; l < half; ++l) sums[l] += sums[l + half];
  }
  return sums[0];
}

}  // namespace

GradientNorm::GradientNorm(std::size_t size) : chunk_sums_((size + kChunk - 1) / kChunk) {}

double GradientNorm::norm(std::span<const float> gradient) {
  assert((gradient.size() + kChunk - 1) / kChunk == chunk_sums_.size());
  for (std::size_t c = 0; c < chunk_sums_.size(); ++c) {
    const std::size_t first = c * kChunk;
    chunk_sums_[c] =
        sum_of_squares(gradient.subspan(first, std::min(kChunk, gradient.size() - first)));
  }
  return std::sqrt(canonical_sum(chunk_sums_));
}

void clip_by_norm(std::span<float> gradient, double norm, double limit) {
  const double coefficient = limit / (norm + 1e-6);
  if (coefficient >= 1) return;
  const auto factor = static_cast<float>(coefficient);
  for (float& g : gradient) g *= factor;
}

}  // namespace lockstep
