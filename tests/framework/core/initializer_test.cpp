#include "framework/core/initializer.hpp"

#include <algorithm>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/digest.hpp"

namespace {

using lockstep::Initializer;
using lockstep::InitializeRequest;
using Kind = Initializer::Kind;

constexpr std::size_t kCount = 40'000;
constexpr double kRootCount = 200.0;

constexpr InitializeRequest kRequest = {
    .seed = 1, .layer = "c1", .tensor = "weight", .fan_in = 25, .fan_out = 150};

std::vector<float> values_of(const Initializer& initializer,
                             const InitializeRequest& request = kRequest,
                             std::size_t count = kCount) {
  std::vector<float> values(count);
  lockstep::initialize(initializer, request, values);
  return values;
}

double mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance(const std::vector<float>& values) {
  const double centre = mean(values);
  const auto add = [=](double sum, float x) { return sum + (x - centre) * (x - centre); };
  return std::accumulate(values.begin(), values.end(), 0.0, add) /
         static_cast<double>(values.size());
}

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

/// Kolmogorov and Smirnov's largest distance between the values' distribution and `cdf`, times the
/// root of their number: below 1.95 for 999 seeds of 1,000 that follow it.
double kolmogorov_smirnov(std::vector<float> values, const std::function<double(double)>& cdf) {
  std::ranges::sort(values);
  const auto count = static_cast<double>(values.size());
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = cdf(values[i]);
    worst = std::max({worst, expected - static_cast<double>(i) / count,
                      static_cast<double>(i + 1) / count - expected});
  }
  return worst * std::sqrt(count);
}

constexpr double kKolmogorovSmirnovBound = 1.95;

/// The lag-`lag` correlation of values whose mean is zero.
double autocorrelation(const std::vector<float>& values, std::size_t lag) {
  double sum = 0;
  for (std::size_t i = lag; i < values.size(); ++i) {
    sum += static_cast<double>(values[i]) * static_cast<double>(values[i - lag]);
  }
  return sum / (static_cast<double>(values.size()) * variance(values));
}

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum / (static_cast<double>(a.size()) * std::sqrt(variance(a) * variance(b)));
}

std::string hash_of(const std::vector<float>& values) {
  return lockstep::digest_of(std::as_bytes(std::span(values))).hex();
}

std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  for (const std::string_view name : lockstep::initializer_names()) {
    kinds.push_back(lockstep::initializer_kind(name).value());
  }
  return kinds;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(initializer)

BOOST_AUTO_TEST_CASE(every_kind_has_its_own_name) {
  BOOST_TEST(lockstep::initializer_names().size() == 10U);
  for (const std::string_view name : lockstep::initializer_names()) {
    BOOST_TEST(lockstep::initializer_name(lockstep::initializer_kind(name).value()) == name);
  }
  BOOST_TEST((lockstep::initializer_kind("constant") == Kind::constant));
  BOOST_TEST((lockstep::initializer_kind("truncated_normal") == Kind::truncated_normal));
  BOOST_TEST((lockstep::initializer_kind("glorot_uniform") == Kind::glorot_uniform));
  BOOST_TEST((lockstep::initializer_kind("he_normal") == Kind::he_normal));
  BOOST_TEST((lockstep::initializer_kind("lecun_normal") == Kind::lecun_normal));
  BOOST_TEST(!lockstep::initializer_kind("He_Normal").has_value());
  BOOST_TEST(!lockstep::initializer_kind("").has_value());
}

BOOST_AUTO_TEST_CASE(constant_is_the_same_value_everywhere) {
  const auto values = values_of({.kind = Kind::constant, .value = 0.1});
  BOOST_TEST(std::ranges::all_of(values, [](float x) { return x == 0.1F; }));
}

BOOST_AUTO_TEST_CASE(uniform_fills_its_range_evenly) {
  const auto values = values_of({.kind = Kind::uniform, .low = -0.5, .high = 1.5});
  BOOST_TEST(*std::ranges::min_element(values) >= -0.5F);
  BOOST_TEST(*std::ranges::max_element(values) <= 1.5F);
  const auto cdf = [](double x) { return (x + 0.5) / 2; };
  BOOST_TEST(kolmogorov_smirnov(values, cdf) < kKolmogorovSmirnovBound);
  BOOST_TEST(std::abs(mean(values) - 0.5) < 4 * 2 / std::sqrt(12.0) / kRootCount);
}

BOOST_AUTO_TEST_CASE(normal_follows_the_normal_distribution) {
  const auto values = values_of({.kind = Kind::normal, .mean = 3, .standard_deviation = 0.5});
  const auto cdf = [](double x) { return normal_cdf((x - 3) / 0.5); };
  BOOST_TEST(kolmogorov_smirnov(values, cdf) < kKolmogorovSmirnovBound);
  BOOST_TEST(std::abs(mean(values) - 3) < 4 * 0.5 / kRootCount);
  // The deviation of a normal sample's variance is variance sqrt(2 / n).
  BOOST_TEST(std::abs(variance(values) / 0.25 - 1) < 4 * std::sqrt(2.0) / kRootCount);
  const auto beyond = std::ranges::count_if(values, [](float x) { return std::abs(x - 3) > 1; });
  BOOST_TEST(beyond > 1'650);  // 4.55 % of 40,000 are 1,820, give or take four times 42
  BOOST_TEST(beyond < 1'990);
}

BOOST_AUTO_TEST_CASE(truncated_normal_stays_within_two_standard_deviations) {
  const auto values =
      values_of({.kind = Kind::truncated_normal, .mean = 1, .standard_deviation = 0.25});
  BOOST_TEST(*std::ranges::min_element(values) >= 0.5F);
  BOOST_TEST(*std::ranges::max_element(values) <= 1.5F);
  BOOST_TEST(*std::ranges::min_element(values) < 0.501F);
  BOOST_TEST(*std::ranges::max_element(values) > 1.499F);
  const double outside = normal_cdf(-2);
  const auto cdf = [=](double x) {
    return (normal_cdf((x - 1) / 0.25) - outside) / (1 - 2 * outside);
  };
  BOOST_TEST(kolmogorov_smirnov(values, cdf) < kKolmogorovSmirnovBound);
  BOOST_TEST(std::abs(mean(values) - 1) < 4 * 0.25 / kRootCount);
}

BOOST_AUTO_TEST_CASE(truncated_normal_redraws_only_what_lies_beyond) {
  const auto plain = values_of({.kind = Kind::normal});
  const auto truncated = values_of({.kind = Kind::truncated_normal});
  for (std::size_t i = 0; i < kCount; ++i) {
    BOOST_TEST_REQUIRE((plain[i] == truncated[i]) == (std::abs(plain[i]) <= 2.0F));
  }
}

BOOST_AUTO_TEST_CASE(scaling_families_have_the_variance_of_their_fans) {
  struct Family {
    Kind uniform;
    Kind normal;
    double variance;  // for fan_in 25, fan_out 150
  };
  for (const auto& [uniform, normal, expected] :
       {Family{Kind::glorot_uniform, Kind::glorot_normal, 2.0 / 175},
        Family{Kind::he_uniform, Kind::he_normal, 2.0 / 25},
        Family{Kind::lecun_uniform, Kind::lecun_normal, 1.0 / 25}}) {
    const double deviation = std::sqrt(expected);
    const auto flat = values_of({.kind = uniform});
    const double limit = std::sqrt(3 * expected);
    const auto flat_cdf = [=](double x) { return (x / limit + 1) / 2; };
    BOOST_TEST(*std::ranges::max_element(flat) <= static_cast<float>(limit));
    BOOST_TEST(*std::ranges::max_element(flat) > 0.999 * limit);
    BOOST_TEST(kolmogorov_smirnov(flat, flat_cdf) < kKolmogorovSmirnovBound);
    BOOST_TEST(std::abs(variance(flat) / expected - 1) < 4 * std::sqrt(0.8) / kRootCount);

    const auto round = values_of({.kind = normal});
    const auto cdf = [=](double x) { return normal_cdf(x / deviation); };
    BOOST_TEST(kolmogorov_smirnov(round, cdf) < kKolmogorovSmirnovBound);
    BOOST_TEST(std::abs(mean(round)) < 4 * deviation / kRootCount);
    BOOST_TEST(std::abs(variance(round) / expected - 1) < 4 * std::sqrt(2.0) / kRootCount);
    BOOST_TEST(*std::ranges::max_element(round) > 3 * deviation);  // not truncated
  }
}

BOOST_AUTO_TEST_CASE(neighbours_layers_tensors_and_seeds_are_uncorrelated) {
  const Initializer normal = {.kind = Kind::normal};
  const auto values = values_of(normal);
  for (const std::size_t lag : {1U, 2U, 5U, 25U, 256U}) {
    BOOST_TEST(std::abs(autocorrelation(values, lag)) < 4 / kRootCount);
  }
  InitializeRequest other = kRequest;
  other.seed = 2;
  BOOST_TEST(std::abs(correlation(values, values_of(normal, other))) < 4 / kRootCount);
  other = kRequest;
  other.layer = "c3";
  BOOST_TEST(std::abs(correlation(values, values_of(normal, other))) < 4 / kRootCount);
  other = kRequest;
  other.tensor = "bias";
  BOOST_TEST(std::abs(correlation(values, values_of(normal, other))) < 4 / kRootCount);
}

BOOST_AUTO_TEST_CASE(an_element_does_not_depend_on_how_many_there_are) {
  for (const Kind kind : all_kinds()) {
    const auto many = values_of({.kind = kind});
    const auto few = values_of({.kind = kind}, kRequest, 100);
    BOOST_TEST(std::equal(few.begin(), few.end(), many.begin()));
  }
}

BOOST_AUTO_TEST_CASE(fans_move_the_scale_only) {
  InitializeRequest wide = kRequest;
  wide.fan_in *= 4;  // half the deviation, exactly
  const auto values = values_of({.kind = Kind::he_normal}, kRequest, 1'000);
  const auto half = values_of({.kind = Kind::he_normal}, wide, 1'000);
  for (std::size_t i = 0; i < values.size(); ++i) BOOST_TEST(values[i] == 2 * half[i]);
}

BOOST_AUTO_TEST_CASE(initial_values_keep_their_bits) {
  const auto bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  const auto normal = values_of({.kind = Kind::he_normal}, kRequest, 150);
  BOOST_TEST(bits(normal[0]) == 0x3f10505dU);
  BOOST_TEST(bits(normal[1]) == 0xbd9a8727U);
  BOOST_TEST(bits(normal[149]) == 0xbd6112efU);
  BOOST_TEST(hash_of(values_of({.kind = Kind::he_normal})) == "8d61f69cd235b6f89982c73ed8342233");
  BOOST_TEST(hash_of(values_of({.kind = Kind::glorot_uniform})) ==
             "9d67093283ab204e9a1bf7b96cecf7f5");
  BOOST_TEST(hash_of(values_of({.kind = Kind::truncated_normal})) ==
             "7d0ad66b76e2f14a120ff8016546bf9b");
}

BOOST_AUTO_TEST_SUITE_END()
