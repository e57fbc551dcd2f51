#include "framework/kernels/activation.hpp"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "framework/core/elementary.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

/// Every 65,521st bit pattern (a prime, so that all mantissas are mixed), both signs, NaN and
/// infinities included, and the neighbourhoods of the functions' borders.
std::vector<float> telling_floats() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> values{0.0F, -0.0F, 1.0F, -1.0F, kInfinity, -kInfinity, kNan, -kNan};
  for (std::uint64_t bits = 0; bits < 0x100000000U; bits += 65521U) {
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  for (const float border :
       {elementary::kExpSmallest, elementary::kExpLargest, elementary::kSmallestNormal,
        elementary::kTanhSmall, elementary::kTanhSaturation, 2.0F / 3.0F, 4.0F / 3.0F, 1e-40F}) {
    for (int step = -200; step <= 200; ++step) {
      const std::uint32_t bits =
          std::bit_cast<std::uint32_t>(border) + static_cast<std::uint32_t>(step);
      values.push_back(std::bit_cast<float>(bits));
      values.push_back(-std::bit_cast<float>(bits));
    }
  }
  for (int i = -4000; i <= 4000; ++i) values.push_back(static_cast<float>(i) * 0.0251F);
  while (values.size() % kLanes != 0) values.push_back(0.5F);
  return values;
}

LaneTensor lanes_of(const std::vector<float>& values, Layout layout) {
  LaneTensor tensor(values.size() / kLanes, 1, layout);
  for (std::size_t i = 0; i < values.size(); ++i) tensor.at(i / kLanes, i % kLanes) = values[i];
  return tensor;
}

using Kernel = void (*)(const ActivationForward&);
using Function = float (*)(float);

void check_function(Kernel kernel, Function function) {
  const std::vector<float> values = telling_floats();
  std::vector<float> expected;
  for (const float value : values) expected.push_back(function(value));
  const LaneTensor input = lanes_of(values, Layout::blocked);
  for_each_isa([&] {
    LaneTensor output(input.features(), 1, Layout::whole);
    kernel({.input = input.view(), .output = output.view()});
    BOOST_TEST(first_difference(output.values(), expected) == kSame);
  });
}

using BackwardKernel = void (*)(const ActivationBackward&);
using Derivative = float (*)(float y, float g);

void check_derivative(BackwardKernel kernel, Derivative derivative) {
  constexpr std::size_t kFeatures = 37;
  for (const Layout layout : kLayouts) {
    LaneTensor y = LaneTensor::random(kFeatures, 3, layout, 1);
    for (std::size_t n = 0; n < y.lanes(); ++n) {
      y.at(0, n) = 0.0F;
      y.at(1, n) = -0.0F;
      y.at(2, n) = 1.0F;
    }
    const LaneTensor g = LaneTensor::random(kFeatures, 3, Layout::whole, 2);
    std::vector<float> expected;
    for (std::size_t f = 0; f < kFeatures; ++f) {
      for (std::size_t n = 0; n < y.lanes(); ++n) {
        expected.push_back(derivative(y.at(f, n), g.at(f, n)));
      }
    }
    for_each_isa([&] {
      LaneTensor result(kFeatures, 3, layout);
      kernel({.output = std::as_const(y).view(),
              .output_gradient = g.view(),
              .input_gradient = result.view()});
      BOOST_TEST(first_difference(result.values(), expected) == kSame);
    });
  }
}

BOOST_AUTO_TEST_SUITE(activation)

BOOST_AUTO_TEST_CASE(exp_has_the_bits_of_the_elementary_function) {
  check_function(exp_lanes, [](float x) { return elementary::exp(x); });
}

BOOST_AUTO_TEST_CASE(log_has_the_bits_of_the_elementary_function) {
  check_function(log_lanes, [](float x) { return elementary::log(x); });
}

BOOST_AUTO_TEST_CASE(tanh_has_the_bits_of_the_elementary_function) {
  check_function(tanh_forward, [](float x) { return elementary::tanh(x); });
}

BOOST_AUTO_TEST_CASE(sigmoid_has_the_bits_of_the_elementary_function) {
  check_function(sigmoid_forward, [](float x) { return elementary::sigmoid(x); });
}

BOOST_AUTO_TEST_CASE(relu_keeps_positive_numbers_and_gives_plus_zero_otherwise) {
  check_function(relu_forward, [](float x) { return x > 0 ? x : 0.0F; });
}

BOOST_AUTO_TEST_CASE(the_derivative_of_relu_passes_gradients_of_positive_outputs) {
  check_derivative(relu_backward, [](float y, float g) { return y > 0 ? g : 0.0F; });
}

BOOST_AUTO_TEST_CASE(the_derivative_of_tanh_has_the_documented_bits) {
  check_derivative(tanh_backward, [](float y, float g) { return g * std::fma(-y, y, 1.0F); });
}

BOOST_AUTO_TEST_CASE(the_derivative_of_sigmoid_has_the_documented_bits) {
  check_derivative(sigmoid_backward, [](float y, float g) { return g * (y * (1.0F - y)); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
