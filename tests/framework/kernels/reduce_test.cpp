#include "framework/kernels/reduce.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

BOOST_AUTO_TEST_SUITE(reduce)

BOOST_AUTO_TEST_CASE(buffers_of_any_length_and_alignment_add_up_element_by_element) {
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 100U}) {
    const std::vector<float> left = random_values(size + 1, 1);
    const std::vector<float> right = random_values(size, 2);
    const auto unaligned = std::span(left).subspan(1);
    std::vector<float> expected;
    for (std::size_t i = 0; i < size; ++i) expected.push_back(unaligned[i] + right[i]);
    for_each_isa([&] {
      std::vector<float> sum(size, kNan);
      add_buffers(unaligned, right, sum);
      BOOST_TEST(first_difference(sum, expected) == kSame);
    });
  }
}

BOOST_AUTO_TEST_CASE(a_sum_may_replace_one_of_its_terms) {
  const std::vector<float> left = random_values(33, 1);
  std::vector<float> right = random_values(33, 2);
  std::vector<float> expected;
  for (std::size_t i = 0; i < left.size(); ++i) expected.push_back(left[i] + right[i]);
  add_buffers(left, right, right);
  BOOST_TEST(first_difference(right, expected) == kSame);
}

BOOST_AUTO_TEST_CASE(scaling_multiplies_each_element_once) {
  const std::vector<float> input = random_values(37, 1);
  std::vector<float> expected;
  for (const float value : input) expected.push_back(value * 0.01F);
  for_each_isa([&] {
    std::vector<float> output(input.size(), kNan);
    scale_buffer(input, 0.01F, output);
    BOOST_TEST(first_difference(output, expected) == kSame);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
