#include "framework/training/gradient_norm.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

namespace lockstep {

BOOST_AUTO_TEST_SUITE(gradient_norm)

BOOST_AUTO_TEST_CASE(three_and_four_make_five) {
  const std::vector<float> gradient = {3.0F, 0.0F, -4.0F};
  BOOST_TEST(GradientNorm(3).norm(gradient) == 5.0);
}

BOOST_AUTO_TEST_CASE(all_elements_count_once_whatever_the_length) {
  for (const std::size_t size : {1U, 15U, 16U, 17U, 511U, 512U, 513U, 1500U, 44426U}) {
    const std::vector<float> gradient(size, 0.5F);
    // 0.25 * size is exact, so the square root is that of the exact sum.
    BOOST_TEST(GradientNorm(size).norm(gradient) == std::sqrt(0.25 * static_cast<double>(size)));
  }
}

BOOST_AUTO_TEST_CASE(the_order_is_sixteen_accumulators_folded_by_halves) {
  // Squares: 2^54 in lane 0, 1 in lane 8 and lane 4. Folding first adds lane 8 to lane 0 (lost to
  // rounding), then lane 4 (lost as well); any order that joins the ones first would keep 2.
  std::vector<float> gradient(16, 0.0F);
  gradient[0] = std::sqrt(0x1p+54F);
  gradient[8] = 1.0F;
  gradient[4] = 1.0F;
  BOOST_TEST(GradientNorm(16).norm(gradient) == std::sqrt(0x1p+54));
}

BOOST_AUTO_TEST_CASE(clipping_scales_down_to_the_limit_and_never_up) {
  std::vector<float> gradient = {3.0F, -4.0F};
  clip_by_norm(gradient, 5.0, 10.0);
  BOOST_TEST(gradient[0] == 3.0F);
  clip_by_norm(gradient, 5.0, 1.0);
  // 1 / (5 + 1e-6), as PyTorch's clip_grad_norm_ has it, cast to float.
  const auto factor = static_cast<float>(1.0 / 5.000001);
  BOOST_TEST(gradient[0] == 3.0F * factor);
  BOOST_TEST(gradient[1] == -4.0F * factor);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
