// The bounds are those of the header, found over all floats.

#include <algorithm>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "framework/core/digest.hpp"
#include "framework/core/elementary.hpp"
#include "tests/framework/core/elementary_errors.hpp"

namespace {

using lockstep::testing::bits;
using lockstep::testing::ulps;
namespace ours = lockstep::elementary;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Every kStride-th float's bit pattern, of both signs, infinities and NaNs included. The header's
/// bounds were found with a stride of 1.
constexpr std::uint32_t kStride = 4'099;

template <class Visit>
void sweep_floats(Visit visit) {
  constexpr std::uint64_t kPatterns = std::uint64_t{1} << 32U;
  for (std::uint64_t pattern = 0; pattern < kPatterns; pattern += kStride) {
    visit(std::bit_cast<float>(static_cast<std::uint32_t>(pattern)));
  }
}

/// The largest error of `function` over the swept floats that `covers` accepts.
template <class Covers, class Function, class Exact>
double worst_float_error(Covers covers, Function function, Exact exact) {
  double worst = 0;
  sweep_floats([&](float x) {
    if (covers(x)) worst = std::max(worst, ulps(function(x), exact(static_cast<long double>(x))));
  });
  return worst;
}

/// XXH3-64 of the function's values at every 65,521st float: one number that any changed bit moves.
template <class Function>
std::uint64_t fingerprint(Function function) {
  std::vector<float> values;
  for (std::uint64_t pattern = 0; pattern < std::uint64_t{1} << 32U; pattern += 65'521) {
    values.push_back(function(std::bit_cast<float>(static_cast<std::uint32_t>(pattern))));
  }
  return lockstep::hash64(std::as_bytes(std::span(values)));
}

float float_exp(float x) { return ours::exp(x); }
float float_log(float x) { return ours::log(x); }
float float_tanh(float x) { return ours::tanh(x); }
float float_sigmoid(float x) { return ours::sigmoid(x); }

long double exact_exp(long double x) { return std::exp(x); }
long double exact_log(long double x) { return std::log(x); }
long double exact_tanh(long double x) { return std::tanh(x); }
long double exact_sigmoid(long double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(elementary_float)

BOOST_AUTO_TEST_CASE(exp_is_within_one_ulp_of_long_double) {
  const auto covers = [](float x) { return x >= ours::kExpSmallest && x <= ours::kExpLargest; };
  BOOST_TEST(worst_float_error(covers, float_exp, exact_exp) <= 0.98);
}

BOOST_AUTO_TEST_CASE(exp_overflows_to_infinity_and_underflows_to_zero_where_the_header_says) {
  const float smallest = ours::kExpSmallest;
  const float largest = ours::kExpLargest;
  BOOST_TEST(float_exp(smallest) >= std::numeric_limits<float>::min());
  BOOST_TEST(bits(float_exp(std::nextafter(smallest, -kInfinity))) == 0U);
  BOOST_TEST(float_exp(largest) <= std::numeric_limits<float>::max());
  BOOST_TEST(float_exp(largest) > 3.402e38F);
  BOOST_TEST(float_exp(std::nextafter(largest, kInfinity)) == kInfinity);
  BOOST_TEST(float_exp(1e30F) == kInfinity);
  BOOST_TEST(bits(float_exp(-1e30F)) == 0U);
}

BOOST_AUTO_TEST_CASE(exp_of_special_values_is_defined) {
  BOOST_TEST(float_exp(kInfinity) == kInfinity);
  BOOST_TEST(bits(float_exp(-kInfinity)) == 0U);
  BOOST_TEST(bits(float_exp(kNan)) == 0x7fc00000U);
  BOOST_TEST(bits(float_exp(-kNan)) == 0x7fc00000U);
  BOOST_TEST(float_exp(0.0F) == 1.0F);
  BOOST_TEST(float_exp(-0.0F) == 1.0F);
  BOOST_TEST(float_exp(std::numeric_limits<float>::denorm_min()) == 1.0F);
}

BOOST_AUTO_TEST_CASE(log_is_within_one_ulp_of_long_double_denormals_included) {
  const auto covers = [](float x) { return x > 0 && x < kInfinity; };
  BOOST_TEST(worst_float_error(covers, float_log, exact_log) <= 0.94);
}

BOOST_AUTO_TEST_CASE(log_near_one_keeps_its_relative_accuracy) {
  double worst = 0;
  for (std::uint32_t pattern = bits(0.999F); pattern <= bits(1.001F); ++pattern) {
    const auto x = std::bit_cast<float>(pattern);
    worst = std::max(worst, ulps(float_log(x), exact_log(static_cast<long double>(x))));
  }
  BOOST_TEST(worst <= 0.94);
  BOOST_TEST(bits(float_log(1.0F)) == 0U);
}

BOOST_AUTO_TEST_CASE(log_of_special_values_is_defined) {
  BOOST_TEST(float_log(0.0F) == -kInfinity);
  BOOST_TEST(float_log(-0.0F) == -kInfinity);
  BOOST_TEST(float_log(kInfinity) == kInfinity);
  BOOST_TEST(bits(float_log(-1.0F)) == 0x7fc00000U);
  BOOST_TEST(bits(float_log(-std::numeric_limits<float>::denorm_min())) == 0x7fc00000U);
  BOOST_TEST(bits(float_log(-kInfinity)) == 0x7fc00000U);
  BOOST_TEST(bits(float_log(-kNan)) == 0x7fc00000U);
}

BOOST_AUTO_TEST_CASE(tanh_is_within_two_ulp_of_long_double) {
  const auto covers = [](float x) { return std::abs(x) < 12; };
  BOOST_TEST(worst_float_error(covers, float_tanh, exact_tanh) <= 1.48);
}

BOOST_AUTO_TEST_CASE(tanh_is_exactly_odd_and_never_beyond_one) {
  std::uint64_t wrong = 0;
  sweep_floats([&](float x) {
    const float y = float_tanh(x);
    if (x != x) return;
    wrong += bits(float_tanh(-x)) != (bits(y) ^ 0x80000000U);
    wrong += !(std::abs(y) <= 1.0F);
  });
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_CASE(tanh_of_special_values_is_defined) {
  BOOST_TEST(float_tanh(9.02F) == 1.0F);
  BOOST_TEST(float_tanh(-50.0F) == -1.0F);
  BOOST_TEST(float_tanh(1e30F) == 1.0F);
  BOOST_TEST(float_tanh(kInfinity) == 1.0F);
  BOOST_TEST(float_tanh(-kInfinity) == -1.0F);
  BOOST_TEST(bits(float_tanh(-0.0F)) == 0x80000000U);
  BOOST_TEST(bits(float_tanh(0.0F)) == 0U);
  BOOST_TEST(float_tanh(1e-40F) == 1e-40F);
  BOOST_TEST(bits(float_tanh(-kNan)) == 0x7fc00000U);
}

BOOST_AUTO_TEST_CASE(sigmoid_is_within_one_ulp_of_long_double) {
  const auto covers = [](float x) { return x >= ours::kExpSmallest && x < 100; };
  BOOST_TEST(worst_float_error(covers, float_sigmoid, exact_sigmoid) <= 0.98);
}

BOOST_AUTO_TEST_CASE(sigmoid_of_special_values_is_defined) {
  const float smallest = ours::kExpSmallest;
  BOOST_TEST(float_sigmoid(0.0F) == 0.5F);
  BOOST_TEST(float_sigmoid(-0.0F) == 0.5F);
  BOOST_TEST(float_sigmoid(smallest) >= std::numeric_limits<float>::min());
  BOOST_TEST(bits(float_sigmoid(std::nextafter(smallest, -kInfinity))) == 0U);
  BOOST_TEST(bits(float_sigmoid(-kInfinity)) == 0U);
  BOOST_TEST(float_sigmoid(kInfinity) == 1.0F);
  BOOST_TEST(float_sigmoid(1e30F) == 1.0F);
  BOOST_TEST(bits(float_sigmoid(-1e30F)) == 0U);
  BOOST_TEST(bits(float_sigmoid(-kNan)) == 0x7fc00000U);
}

BOOST_AUTO_TEST_CASE(float_functions_keep_their_bits) {
  BOOST_TEST(bits(float_exp(1.0F)) == 0x402df854U);
  BOOST_TEST(bits(float_exp(-10.5F)) == 0x37e6fe13U);
  BOOST_TEST(bits(float_log(10.0F)) == 0x40135d8eU);
  BOOST_TEST(bits(float_tanh(0.3F)) == 0x3e9526eeU);
  BOOST_TEST(bits(float_tanh(1.5F)) == 0x3f67b7ccU);
  BOOST_TEST(bits(float_sigmoid(-2.5F)) == 0x3d9b5b89U);
  BOOST_TEST(fingerprint(float_exp) == 0xe6b974b6497530f8U);
  BOOST_TEST(fingerprint(float_log) == 0xaa0b25c5c6280d4bU);
  BOOST_TEST(fingerprint(float_tanh) == 0x402fe05306e979d7U);
  BOOST_TEST(fingerprint(float_sigmoid) == 0xaeb39735593751bfU);
}

BOOST_AUTO_TEST_SUITE_END()
