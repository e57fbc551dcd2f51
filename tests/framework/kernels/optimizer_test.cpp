#include "framework/kernels/optimizer.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

constexpr std::size_t kSizes[] = {1, 3, 4, 7, 8, 15, 16, 17, 33, 4096, 4099};

std::vector<float> positive(std::vector<float> values) {
  for (float& value : values) value = std::abs(value);
  return values;
}

BOOST_AUTO_TEST_SUITE(optimizer)

BOOST_AUTO_TEST_CASE(sgd_has_the_bits_of_the_plain_loop) {
  struct Variant {
    bool has_momentum;
    bool nesterov;
  };
  for (const std::size_t size : kSizes) {
    for (const Variant variant : {Variant{false, false}, {true, false}, {true, true}}) {
      const std::vector<float> gradient = random_values(size, 1);
      std::vector<float> expected = random_values(size, 2);
      std::vector<float> expected_buffer = random_values(variant.has_momentum ? size : 0, 3);
      for (std::size_t i = 0; i < size; ++i) {
        const float g = gradient[i] + 0.01F * expected[i];
        float step = g;
        if (variant.has_momentum) {
          expected_buffer[i] = 0.9F * expected_buffer[i] + g;
          step = variant.nesterov ? g + 0.9F * expected_buffer[i] : expected_buffer[i];
        }
        expected[i] = expected[i] - 0.1F * step;
      }
      for_each_isa([&] {
        std::vector<float> values = random_values(size, 2);
        std::vector<float> buffer = random_values(variant.has_momentum ? size : 0, 3);
        sgd_update({.values = values,
                    .gradient = gradient,
                    .momentum_buffer = buffer,
                    .learning_rate = 0.1F,
                    .weight_decay = 0.01F,
                    .momentum = 0.9F,
                    .nesterov = variant.nesterov});
        BOOST_TEST(first_difference(values, expected) == kSame);
        BOOST_TEST(first_difference(buffer, expected_buffer) == kSame);
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(adam_has_the_bits_of_the_plain_loop) {
  for (const std::size_t size : kSizes) {
    const std::vector<float> gradient = random_values(size, 1);
    std::vector<float> expected = random_values(size, 2);
    std::vector<float> expected_m = random_values(size, 3);
    std::vector<float> expected_v = positive(random_values(size, 4));
    for (std::size_t i = 0; i < size; ++i) {
      const float g = gradient[i] + 0.01F * expected[i];
      expected_m[i] = 0.9F * expected_m[i] + 0.1F * g;
      expected_v[i] = 0.99F * expected_v[i] + (0.01F * g) * g;
      expected[i] =
          expected[i] - (0.02F * expected_m[i]) / (std::sqrt(expected_v[i]) / 0.3F + 1e-8F);
    }
    for_each_isa([&] {
      std::vector<float> values = random_values(size, 2);
      std::vector<float> m = random_values(size, 3);
      std::vector<float> v = positive(random_values(size, 4));
      adam_update({.values = values,
                   .gradient = gradient,
                   .first_moment = m,
                   .second_moment = v,
                   .learning_rate = 0.02F,
                   .root = 0.3F,
                   .weight_decay = 0.01F,
                   .beta1 = 0.9F,
                   .beta2 = 0.99F,
                   .rest1 = 0.1F,
                   .rest2 = 0.01F,
                   .epsilon = 1e-8F});
      BOOST_TEST(first_difference(values, expected) == kSame);
      BOOST_TEST(first_difference(m, expected_m) == kSame);
      BOOST_TEST(first_difference(v, expected_v) == kSame);
    });
  }
}

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
