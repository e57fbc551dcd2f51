#include "framework/training/update/gradient_norm.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "framework/core/random.hpp"

namespace lockstep {
namespace {

/// Numbers over 24 powers of two, so that nearly every addition of their squares rounds.
std::vector<float> wide_values(std::size_t size, std::uint32_t seed) {
  const RandomStream stream(seed, {"gradient"});
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    const RandomWords words = stream.words(static_cast<std::uint32_t>(i));
    values[i] = std::ldexp(uniform_unit(words[0]) - 0.5F, -static_cast<int>(words[1] % 24));
  }
  return values;
}

double square(float g) { return static_cast<double>(g) * static_cast<double>(g); }

double sum_from_left_to_right(const std::vector<float>& gradient) {
  return std::accumulate(gradient.begin(), gradient.end(), 0.0,
                         [](double sum, float g) { return sum + square(g); });
}

double fold(const std::vector<double>& sums) {
  if (sums.size() == 1) return sums[0];
  std::vector<double> half(sums.size() / 2);
  for (std::size_t l = 0; l < half.size(); ++l) half[l] = sums[l] + sums[l + half.size()];
  return fold(half);
}

double tree_sum(const std::vector<double>& leaves) {
  if (leaves.size() == 1) return leaves[0];
  std::ptrdiff_t left = 1;
  while (2 * left < static_cast<std::ptrdiff_t>(leaves.size())) left *= 2;
  return tree_sum({leaves.begin(), leaves.begin() + left}) +
         tree_sum({leaves.begin() + left, leaves.end()});
}

/// As the header states it, an element at a time.
double naive_sum_of_squares(const std::vector<float>& gradient) {
  std::vector<double> chunks;
  for (std::size_t first = 0; first < gradient.size(); first += 512) {
    std::vector<double> sums(16, 0.0);
    for (std::size_t i = first; i < std::min(first + 512, gradient.size()); ++i) {
      sums[i % 16] += square(gradient[i]);
    }
    chunks.push_back(fold(sums));
  }
  return tree_sum(chunks);
}

}  // namespace

namespace {

double norm_of(std::span<const float> gradient) {
  GradientNorm norm(gradient.size());
  norm.add(0, gradient);
  return norm.norm();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradient_norm)

BOOST_AUTO_TEST_CASE(three_and_four_make_five) {
  const std::vector<float> gradient = {3.0F, 0.0F, -4.0F};
  BOOST_TEST(norm_of(gradient) == 5.0);
}

BOOST_AUTO_TEST_CASE(all_elements_count_once_whatever_the_length) {
  for (const std::size_t size : {1U, 15U, 16U, 17U, 511U, 512U, 513U, 1500U, 44426U}) {
    const std::vector<float> gradient(size, 0.5F);
    // 0.25 * size is exact, so the square root is that of the exact sum.
    BOOST_TEST(norm_of(gradient) == std::sqrt(0.25 * static_cast<double>(size)));
  }
}

BOOST_AUTO_TEST_CASE(the_order_is_sixteen_accumulators_a_chunk_and_the_tree_over_chunks) {
  int other_from_left_to_right = 0;
  for (const std::size_t size : {16U, 511U, 513U, 1500U, 44426U}) {
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
      const std::vector<float> gradient = wide_values(size, seed);
      const double norm = norm_of(gradient);
      BOOST_TEST(norm == std::sqrt(naive_sum_of_squares(gradient)), "size " << size);
      if (norm != std::sqrt(sum_from_left_to_right(gradient))) ++other_from_left_to_right;
    }
  }
  BOOST_TEST(other_from_left_to_right > 20);  // of 50: the numbers do tell orders apart
}

BOOST_AUTO_TEST_CASE(stretches_may_come_in_any_order) {
  constexpr std::size_t kSize = 3 * GradientNorm::kChunk + 100;
  std::vector<float> gradient(kSize);
  for (std::size_t i = 0; i < kSize; ++i) gradient[i] = static_cast<float>(i % 37) * 0.1F - 1.7F;
  GradientNorm norm(kSize);
  const std::span<const float> all(gradient);
  norm.add(2 * GradientNorm::kChunk, all.subspan(2 * GradientNorm::kChunk));
  norm.add(0, all.first(2 * GradientNorm::kChunk));
  BOOST_TEST(norm.norm() == norm_of(gradient));
}

BOOST_AUTO_TEST_CASE(clipping_scales_down_to_the_limit_and_never_up) {
  BOOST_TEST(!clip_factor(5.0, 10.0).has_value());
  // 1 / (5 + 1e-6), as PyTorch's clip_grad_norm_ has it, cast to float.
  BOOST_TEST(clip_factor(5.0, 1.0).value() == static_cast<float>(1.0 / 5.000001));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
