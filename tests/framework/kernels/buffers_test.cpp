#include "framework/kernels/buffers.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <vector>

#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

constexpr std::size_t kSizes[] = {1, 3, 4, 7, 8, 15, 16, 17, 33, 4096, 4099};

BOOST_AUTO_TEST_SUITE(buffers)

BOOST_AUTO_TEST_CASE(division_has_the_bits_of_the_plain_loop) {
  for (const std::size_t size : kSizes) {
    const std::vector<float> sum = random_values(size, 1);
    std::vector<float> expected;
    for (const float s : sum) expected.push_back(s / 100.0F);
    for_each_isa([&] {
      std::vector<float> gradient(size, kNan);
      divide_buffer(sum, 100.0F, gradient);
      BOOST_TEST(first_difference(gradient, expected) == kSame);
    });
  }
}

BOOST_AUTO_TEST_CASE(one_number_that_is_not_finite_is_found_wherever_it_is) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kLargest = std::numeric_limits<float>::max();
  for_each_isa([&] {
    for (const std::size_t size : {1U, 16U, 19U, 50U}) {
      std::vector<float> values(size, kLargest);
      BOOST_TEST(all_finite(values));
      for (std::size_t i = 0; i < size; ++i) {
        for (const float wrong : {kNan, kInfinity, -kInfinity}) {
          values[i] = wrong;
          BOOST_TEST(!all_finite(values));
        }
        values[i] = -kLargest;
      }
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
