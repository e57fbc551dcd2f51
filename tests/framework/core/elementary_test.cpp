#include "framework/core/elementary.hpp"

#include <algorithm>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "framework/core/digest.hpp"
#include "framework/core/random.hpp"

namespace {

using lockstep::RandomStream;
namespace ours = lockstep::elementary;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr double kDoubleInfinity = std::numeric_limits<double>::infinity();
constexpr double kDoubleNan = std::numeric_limits<double>::quiet_NaN();

std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }
std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

/// |value - exact| in units of the last place that Number has at `exact`.
template <class Number>
double ulps(Number value, long double exact) {
  using Limits = std::numeric_limits<Number>;
  int exponent = 0;
  std::frexp(exact, &exponent);
  const long double unit =
      std::ldexp(1.0L, std::max(exponent, Limits::min_exponent) - Limits::digits);
  return static_cast<double>(std::abs(static_cast<long double>(value) - exact) / unit);
}

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

/// The largest error of `function` over 200,000 doubles drawn uniformly from [low, high].
template <class Function, class Exact>
double worst_double_error(double low, double high, Function function, Exact exact) {
  const RandomStream stream(1, {"elementary_test"});
  double worst = 0;
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    const lockstep::RandomWords words = stream.words(i);
    const double x = low + (high - low) * lockstep::open_unit(words[0], words[1]);
    worst = std::max(worst, ulps(function(x), exact(static_cast<long double>(x))));
  }
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

template <class Function>
std::uint64_t double_fingerprint(double low, double high, Function function) {
  const RandomStream stream(2, {"elementary_test"});
  std::vector<double> values;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const lockstep::RandomWords words = stream.words(i);
    values.push_back(function(low + (high - low) * lockstep::open_unit(words[0], words[1])));
  }
  return lockstep::hash64(std::as_bytes(std::span(values)));
}

float float_exp(float x) { return ours::exp(x); }
float float_log(float x) { return ours::log(x); }
float float_tanh(float x) { return ours::tanh(x); }
float float_sigmoid(float x) { return ours::sigmoid(x); }
double double_exp(double x) { return ours::exp(x); }
double double_log(double x) { return ours::log(x); }
double double_sin(double x) { return ours::sin(x); }
double double_cos(double x) { return ours::cos(x); }

long double exact_exp(long double x) { return std::exp(x); }
long double exact_log(long double x) { return std::log(x); }
long double exact_tanh(long double x) { return std::tanh(x); }
long double exact_sigmoid(long double x) { return 1 / (1 + std::exp(-x)); }
long double exact_sin(long double x) { return std::sin(x); }
long double exact_cos(long double x) { return std::cos(x); }

}  // namespace

BOOST_AUTO_TEST_SUITE(elementary)

// ------------------------------------------------------------------------------------------------
// float. The bounds are those of the header, found over all floats.
// ------------------------------------------------------------------------------------------------

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

// ------------------------------------------------------------------------------------------------
// double. Long double has 11 bits more: its own error adds 0.001 ulp.
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(double_exp_is_within_0_7_ulp) {
  BOOST_TEST(worst_double_error(-708, 709.5, double_exp, exact_exp) <= 0.7);
  BOOST_TEST(worst_double_error(-1, 1, double_exp, exact_exp) <= 0.7);
}

BOOST_AUTO_TEST_CASE(double_exp_underflows_gradually) {
  BOOST_TEST(worst_double_error(-745, -708, double_exp, exact_exp) <= 1.2);
}

BOOST_AUTO_TEST_CASE(double_exp_of_special_values_is_defined) {
  BOOST_TEST(double_exp(0.0) == 1.0);
  BOOST_TEST(double_exp(710.0) == kDoubleInfinity);
  BOOST_TEST(double_exp(kDoubleInfinity) == kDoubleInfinity);
  BOOST_TEST(double_exp(709.78) < kDoubleInfinity);
  BOOST_TEST(bits(double_exp(-746.0)) == 0U);
  BOOST_TEST(bits(double_exp(-kDoubleInfinity)) == 0U);
  BOOST_TEST(std::isnan(double_exp(kDoubleNan)));
}

BOOST_AUTO_TEST_CASE(double_log_is_within_0_51_ulp) {
  BOOST_TEST(worst_double_error(0, 1, double_log, exact_log) <= 0.51);
  BOOST_TEST(worst_double_error(0.99, 1.01, double_log, exact_log) <= 0.51);
  BOOST_TEST(worst_double_error(0, 1e300, double_log, exact_log) <= 0.51);
  BOOST_TEST(worst_double_error(0, 1e-307, double_log, exact_log) <= 0.51);
}

BOOST_AUTO_TEST_CASE(double_log_of_special_values_is_defined) {
  BOOST_TEST(bits(double_log(1.0)) == 0U);
  BOOST_TEST(double_log(0.0) == -kDoubleInfinity);
  BOOST_TEST(double_log(-0.0) == -kDoubleInfinity);
  BOOST_TEST(double_log(kDoubleInfinity) == kDoubleInfinity);
  BOOST_TEST(std::isnan(double_log(-1.0)));
  BOOST_TEST(std::isnan(double_log(kDoubleNan)));
}

BOOST_AUTO_TEST_CASE(sin_and_cos_are_within_0_8_ulp_up_to_2_to_the_20) {
  for (const double range : {0.8, 10.0, 1000.0, 0x1p+20}) {
    BOOST_TEST(worst_double_error(-range, range, double_sin, exact_sin) <= 0.8);
    BOOST_TEST(worst_double_error(-range, range, double_cos, exact_cos) <= 0.8);
  }
}

BOOST_AUTO_TEST_CASE(sin_and_cos_near_multiples_of_half_pi_are_within_0_8_ulp) {
  double worst = 0;
  for (int n = 1; n < 667'544; n += 7) {
    const double x = static_cast<double>(n) * 0x1.921fb54442d18p+0;
    worst = std::max({worst, ulps(double_sin(x), exact_sin(static_cast<long double>(x))),
                      ulps(double_cos(x), exact_cos(static_cast<long double>(x)))});
  }
  BOOST_TEST(worst <= 0.8);
}

BOOST_AUTO_TEST_CASE(sin_and_cos_of_special_values_are_defined) {
  BOOST_TEST(bits(double_sin(0.0)) == 0U);
  BOOST_TEST(bits(double_sin(-0.0)) == bits(-0.0));
  BOOST_TEST(double_cos(0.0) == 1.0);
  BOOST_TEST(double_sin(1e-300) == 1e-300);
  BOOST_TEST(std::isfinite(double_sin(0x1p+20)));
  BOOST_TEST(std::isnan(double_sin(0x1.0000000000001p+20)));
  BOOST_TEST(std::isnan(double_cos(kDoubleInfinity)));
  BOOST_TEST(std::isnan(double_cos(kDoubleNan)));
}

BOOST_AUTO_TEST_CASE(pow_is_within_0_7_ulp_for_decays_and_wide_ranges) {
  for (const double base : {0.5, 0.9, 0.95, 0.999, 0.999999, 1.0000001, 1.5, 10.0, 1e-12}) {
    const double reach = 700.0 / std::abs(std::log(base));
    const double error = worst_double_error(
        -reach, reach, [=](double y) { return ours::pow(base, y); },
        [=](long double y) { return std::pow(static_cast<long double>(base), y); });
    BOOST_TEST(error <= 0.7, "base " << base << ": " << error << " ulp");
  }
}

BOOST_AUTO_TEST_CASE(pow_with_whole_exponents_of_small_numbers_is_exact) {
  BOOST_TEST(ours::pow(2.0, 10.0) == 1024.0);
  BOOST_TEST(ours::pow(2.0, -1074.0) == std::numeric_limits<double>::denorm_min());
  BOOST_TEST(ours::pow(3.0, 5.0) == 243.0);
  BOOST_TEST(ours::pow(10.0, 15.0) == 1e15);
  BOOST_TEST(ours::pow(0.25, 0.5) == 0.5);
  BOOST_TEST(ours::pow(7.25, 1.0) == 7.25);
}

BOOST_AUTO_TEST_CASE(pow_of_special_values_is_defined) {
  BOOST_TEST(ours::pow(0.0, 0.0) == 1.0);
  BOOST_TEST(ours::pow(-3.0, 0.0) == 1.0);
  BOOST_TEST(ours::pow(1.0, 1e300) == 1.0);
  BOOST_TEST(ours::pow(0.0, 2.0) == 0.0);
  BOOST_TEST(ours::pow(0.0, -2.0) == kDoubleInfinity);
  BOOST_TEST(ours::pow(kDoubleInfinity, 2.0) == kDoubleInfinity);
  BOOST_TEST(ours::pow(kDoubleInfinity, -2.0) == 0.0);
  BOOST_TEST(ours::pow(0.5, 1e300) == 0.0);
  BOOST_TEST(ours::pow(0.5, -1e300) == kDoubleInfinity);
  BOOST_TEST(ours::pow(2.0, kDoubleInfinity) == kDoubleInfinity);
  BOOST_TEST(ours::pow(2.0, 1024.0) == kDoubleInfinity);
  BOOST_TEST(std::isnan(ours::pow(-2.0, 2.0)));
  BOOST_TEST(std::isnan(ours::pow(2.0, kDoubleNan)));
  BOOST_TEST(std::isnan(ours::pow(kDoubleNan, 2.0)));
}

BOOST_AUTO_TEST_CASE(double_functions_keep_their_bits) {
  BOOST_TEST(bits(double_exp(1.0)) == 0x4005bf0a8b145769U);
  BOOST_TEST(bits(double_log(10.0)) == 0x40026bb1bbb55516U);
  BOOST_TEST(bits(double_sin(1.0)) == 0x3feaed548f090ceeU);
  BOOST_TEST(bits(double_cos(1.0)) == 0x3fe14a280fb5068cU);
  BOOST_TEST(bits(ours::pow(0.97, 1234.0)) == 0x3c8b5bbc86b21744U);
  BOOST_TEST(double_fingerprint(-745, 709, double_exp) == 0xad3b264c761fc257U);
  BOOST_TEST(double_fingerprint(0, 100, double_log) == 0x466e318df236f64cU);
  BOOST_TEST(double_fingerprint(-0x1p+20, 0x1p+20, double_sin) == 0x34170285b4bb2e7bU);
  BOOST_TEST(double_fingerprint(-0x1p+20, 0x1p+20, double_cos) == 0x898534ed0ecc7dadU);
  const auto decay = [](double exponent) { return ours::pow(0.97, exponent); };
  BOOST_TEST(double_fingerprint(0, 10'000, decay) == 0xe3ef221d4f990033U);
}

BOOST_AUTO_TEST_SUITE_END()
