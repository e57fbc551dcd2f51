#include "framework/training/update/gradient_norm.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "framework/training/exchange/canonical_tree.hpp"

namespace lockstep {
namespace {

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

void GradientNorm::add(std::size_t first, std::span<const float> stretch) {
  assert(first % kChunk == 0);
  for (std::size_t i = 0; i < stretch.size(); i += kChunk) {
    chunk_sums_[(first + i) / kChunk] =
        sum_of_squares(stretch.subspan(i, std::min(kChunk, stretch.size() - i)));
  }
}

double GradientNorm::norm() const { return std::sqrt(canonical_sum(chunk_sums_)); }

std::optional<float> clip_factor(double norm, double limit) {
  const double coefficient = limit / (norm + 1e-6);
  if (coefficient >= 1) return {};
  return static_cast<float>(coefficient);
}

}  // namespace lockstep
