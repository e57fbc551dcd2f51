#include "framework/kernels/elementwise.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <vector>

#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

constexpr std::size_t kFeatures = 5;
constexpr std::size_t kBlocks = 3;

LaneTensor random_tensor(Layout layout, std::uint32_t seed) {
  return LaneTensor::random(kFeatures, kBlocks, layout, seed);
}

BOOST_AUTO_TEST_SUITE(elementwise)

BOOST_AUTO_TEST_CASE(copies_keep_every_element_across_layouts) {
  for (const Layout from : kLayouts) {
    for (const Layout to : kLayouts) {
      const LaneTensor input = random_tensor(from, 1);
      LaneTensor output(kFeatures, kBlocks, to);
      copy_lanes(input.view(), output.view());
      BOOST_TEST(first_difference(output.values(), input.values()) == kSame);
    }
  }
}

BOOST_AUTO_TEST_CASE(sums_are_taken_element_by_element_in_any_layouts) {
  const LaneTensor left = random_tensor(Layout::blocked, 1);
  const LaneTensor right = random_tensor(Layout::whole, 2);
  for_each_isa([&] {
    LaneTensor output(kFeatures, kBlocks, Layout::blocked);
    add_lanes(left.view(), right.view(), output.view());
    for (std::size_t f = 0; f < kFeatures; ++f) {
      for (std::size_t n = 0; n < output.lanes(); ++n) {
        BOOST_TEST(output.at(f, n) == left.at(f, n) + right.at(f, n));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(accumulating_adds_to_the_total_in_place) {
  const LaneTensor term = random_tensor(Layout::whole, 1);
  const LaneTensor before = random_tensor(Layout::blocked, 2);
  LaneTensor total = random_tensor(Layout::blocked, 2);
  accumulate_lanes(term.view(), total.view());
  for (std::size_t f = 0; f < kFeatures; ++f) {
    for (std::size_t n = 0; n < total.lanes(); ++n) {
      BOOST_TEST(total.at(f, n) == before.at(f, n) + term.at(f, n));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_factor_of_zero_gives_plus_zero_even_of_infinity_and_negative_numbers) {
  LaneTensor input = random_tensor(Layout::blocked, 1);
  input.at(0, 0) = std::numeric_limits<float>::infinity();
  input.at(0, 1) = -3.0F;
  LaneTensor factor(kFeatures, kBlocks, Layout::whole);
  factor.fill(1.25F);
  factor.at(0, 0) = 0.0F;
  factor.at(0, 1) = 0.0F;
  std::vector<float> expected = input.values();
  for (float& value : expected) value *= 1.25F;
  expected[0] = 0.0F;
  expected[1] = 0.0F;
  for_each_isa([&] {
    LaneTensor output(kFeatures, kBlocks, Layout::whole);
    scale_kept_lanes(std::as_const(input).view(), std::as_const(factor).view(), output.view());
    BOOST_TEST(first_difference(output.values(), expected) == kSame);
  });
}

BOOST_AUTO_TEST_CASE(a_feature_range_is_a_window_on_the_same_memory) {
  LaneTensor tensor = random_tensor(Layout::whole, 1);
  const LaneView range = feature_range(tensor.view(), 2, 2);
  BOOST_TEST(range.features == 2U);
  BOOST_TEST(range.at(1, 2)[5] == tensor.at(3, 37));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
