// Long double has 11 bits more than double: its own error adds 0.001 ulp.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "framework/core/digest.hpp"
#include "framework/core/elementary.hpp"
#include "framework/core/random.hpp"
#include "tests/framework/core/elementary_errors.hpp"

namespace {

using lockstep::RandomStream;
using lockstep::testing::bits;
using lockstep::testing::ulps;
namespace ours = lockstep::elementary;

constexpr double kDoubleInfinity = std::numeric_limits<double>::infinity();
constexpr double kDoubleNan = std::numeric_limits<double>::quiet_NaN();

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

double double_exp(double x) { return ours::exp(x); }
double double_log(double x) { return ours::log(x); }
double double_sin(double x) { return ours::sin(x); }
double double_cos(double x) { return ours::cos(x); }

long double long_exp(long double x) { return std::exp(x); }
long double long_log(long double x) { return std::log(x); }
long double long_sin(long double x) { return std::sin(x); }
long double long_cos(long double x) { return std::cos(x); }

}  // namespace

BOOST_AUTO_TEST_SUITE(elementary_double)

BOOST_AUTO_TEST_CASE(double_exp_is_within_0_7_ulp) {
  BOOST_TEST(worst_double_error(-708, 709.5, double_exp, long_exp) <= 0.7);
  BOOST_TEST(worst_double_error(-1, 1, double_exp, long_exp) <= 0.7);
}

BOOST_AUTO_TEST_CASE(double_exp_underflows_gradually) {
  BOOST_TEST(worst_double_error(-745, -708, double_exp, long_exp) <= 1.2);
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
  BOOST_TEST(worst_double_error(0, 1, double_log, long_log) <= 0.51);
  BOOST_TEST(worst_double_error(0.99, 1.01, double_log, long_log) <= 0.51);
  BOOST_TEST(worst_double_error(0, 1e300, double_log, long_log) <= 0.51);
  BOOST_TEST(worst_double_error(0, 1e-307, double_log, long_log) <= 0.51);
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
    BOOST_TEST(worst_double_error(-range, range, double_sin, long_sin) <= 0.8);
    BOOST_TEST(worst_double_error(-range, range, double_cos, long_cos) <= 0.8);
  }
}

BOOST_AUTO_TEST_CASE(sin_and_cos_near_multiples_of_half_pi_are_within_0_8_ulp) {
  double worst = 0;
  for (int n = 1; n < 667'544; n += 7) {
    const double x = static_cast<double>(n) * 0x1.921fb54442d18p+0;
    worst = std::max({worst, ulps(double_sin(x), long_sin(static_cast<long double>(x))),
                      ulps(double_cos(x), long_cos(static_cast<long double>(x)))});
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
