#include "framework/core/random.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/digest.hpp"

namespace {

using lockstep::RandomStream;
using lockstep::RandomWords;
using Key = std::array<std::uint32_t, 2>;

constexpr std::uint32_t kAllOnes = 0xffffffffU;

/// Philox4x32-10 written from the paper's description.
RandomWords naive_philox(RandomWords counter, Key key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32U) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(second & kAllOnes),
               static_cast<std::uint32_t>(first >> 32U) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(first & kAllOnes)};
    key = {key[0] + 0x9E3779B9U, key[1] + 0xBB67AE85U};
  }
  return counter;
}

/// The correlation coefficient of two series.
double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum_a += a[i];
    sum_b += b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
    ab += a[i] * b[i];
  }
  return (ab - sum_a * sum_b / n) / std::sqrt((aa - sum_a * sum_a / n) * (bb - sum_b * sum_b / n));
}

std::vector<double> uniforms(const RandomStream& stream, std::uint32_t first, std::uint32_t count) {
  std::vector<double> values;
  for (std::uint32_t i = first; i < first + count; ++i) {
    const RandomWords words = stream.words(i);
    values.push_back(lockstep::open_unit(words[0], words[1]));
  }
  return values;
}

/// The chi-square statistic of `draws` against equally likely cells.
double chi_square(const std::vector<std::uint64_t>& draws, std::size_t cells) {
  std::vector<double> counts(cells, 0.0);
  for (const std::uint64_t draw : draws) counts[static_cast<std::size_t>(draw)] += 1;
  const double expected = static_cast<double>(draws.size()) / static_cast<double>(cells);
  double sum = 0;
  for (const double count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

/// The standard normal's cumulative distribution.
long double exact_normal_cdf(double x) {
  return 0.5L * std::erfc(-static_cast<long double>(x) / std::sqrt(2.0L));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_stream)

BOOST_AUTO_TEST_CASE(philox_gives_the_published_known_answers) {
  const auto zero = lockstep::philox({0, 0, 0, 0}, {0, 0});
  BOOST_TEST((zero == RandomWords{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U}));
  const auto ones =
      lockstep::philox({kAllOnes, kAllOnes, kAllOnes, kAllOnes}, {kAllOnes, kAllOnes});
  BOOST_TEST((ones == RandomWords{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU}));
  const auto pi = lockstep::philox({0x243f6a88U, 0x85a308d3U, 0x13198a2eU, 0x03707344U},
                                   {0xa4093822U, 0x299f31d0U});
  BOOST_TEST((pi == RandomWords{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U}));
}

BOOST_AUTO_TEST_CASE(philox_equals_the_naive_rounds_on_1000_counters) {
  RandomWords counter = {1, 2, 3, 4};
  Key key = {5, 6};
  for (int i = 0; i < 1'000; ++i) {
    const RandomWords words = lockstep::philox(counter, key);
    BOOST_TEST_REQUIRE((words == naive_philox(counter, key)));
    key = {counter[0], counter[3]};
    counter = words;
  }
}

BOOST_AUTO_TEST_CASE(words_are_the_block_of_the_counter_under_the_streams_key) {
  const RandomStream stream(7, {"shuffle"});
  BOOST_TEST((stream.words(1, 2, 3, 4) == lockstep::philox({1, 2, 3, 4}, stream.key())));
  BOOST_TEST((stream.words(9) == lockstep::philox({9, 0, 0, 0}, stream.key())));
}

BOOST_AUTO_TEST_CASE(the_key_is_the_hash_of_seed_and_length_prefixed_names) {
  using namespace std::string_view_literals;
  const std::uint64_t hash =
      lockstep::hash64("\x02\x01\0\0\0\0\0\x80\x03\0\0\0\0\0\0\0abc\x01\0\0\0\0\0\0\0z"sv);
  const RandomStream stream(0x8000000000000102U, {"abc", "z"});
  BOOST_TEST(stream.key()[0] == (hash & kAllOnes));
  BOOST_TEST(stream.key()[1] == hash >> 32U);
}

BOOST_AUTO_TEST_CASE(seeds_names_and_where_names_end_make_different_streams) {
  const std::vector<Key> keys = {
      RandomStream(1, {}).key(),          RandomStream(2, {}).key(),
      RandomStream(1, {""}).key(),        RandomStream(1, {"ab"}).key(),
      RandomStream(1, {"a", "b"}).key(),  RandomStream(1, {"ab", ""}).key(),
      RandomStream(1, {"", "ab"}).key(),  RandomStream(1, {"b", "a"}).key(),
      RandomStream(2, {"a", "b"}).key(),  RandomStream(std::uint64_t{1} << 32U, {}).key(),
      RandomStream(1, {"abc"}).key(),     RandomStream(1, {"ab", "c"}).key(),
      RandomStream(1, {"a", "bc"}).key(), RandomStream(1, {std::string(1'000, 'x')}).key()};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) BOOST_TEST((keys[i] != keys[j]));
  }
}

BOOST_AUTO_TEST_CASE(streams_keep_their_bits) {
  const RandomStream stream(1, {"initialize", "c1", "weight"});
  BOOST_TEST(stream.key()[0] == 0xa58fb3ccU);
  BOOST_TEST(stream.key()[1] == 0xe496d483U);
  BOOST_TEST((stream.words(0) == RandomWords{0xfa145e17U, 0xbc0fae6aU, 0x5a8758c4U, 0x881a0d2bU}));
  BOOST_TEST((stream.words(5, 6, 7, 8) ==
              RandomWords{0xb7529e14U, 0xe51032e1U, 0xcdc3a6b0U, 0x2b0eee3eU}));
}

BOOST_AUTO_TEST_CASE(uniform_unit_covers_zero_to_just_below_one) {
  BOOST_TEST(lockstep::uniform_unit(0) == 0.0F);
  BOOST_TEST(lockstep::uniform_unit(255) == 0.0F);
  BOOST_TEST(lockstep::uniform_unit(256) == 0x1p-24F);
  BOOST_TEST(lockstep::uniform_unit(0x80000000U) == 0.5F);
  BOOST_TEST(lockstep::uniform_unit(kAllOnes) == 1.0F - 0x1p-24F);
}

BOOST_AUTO_TEST_CASE(open_unit_never_reaches_zero_or_one) {
  BOOST_TEST(lockstep::open_unit(0, 0) == 0x1p-53);
  BOOST_TEST(lockstep::open_unit(0, 4'096) == 0x1.8p-52);
  BOOST_TEST(lockstep::open_unit(0x80000000U, 0) == 0.5 + 0x1p-53);
  BOOST_TEST(lockstep::open_unit(kAllOnes, kAllOnes) == 1.0 - 0x1p-53);
}

BOOST_AUTO_TEST_CASE(bounded_is_the_draws_fraction_of_the_bound) {
  BOOST_TEST(lockstep::bounded(0, 0, 10) == 0U);
  BOOST_TEST(lockstep::bounded(0x80000000U, 0, 10) == 5U);
  BOOST_TEST(lockstep::bounded(0x7fffffffU, kAllOnes, 10) == 4U);
  BOOST_TEST(lockstep::bounded(kAllOnes, kAllOnes, 1) == 0U);
  BOOST_TEST(lockstep::bounded(kAllOnes, kAllOnes, 60'000) == 59'999U);
  const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  BOOST_TEST(lockstep::bounded(kAllOnes, kAllOnes, largest) == largest - 1);
  // A bound of 2^k leaves the top k bits.
  BOOST_TEST(lockstep::bounded(0x12345678U, 0x9abcdef0U, std::uint64_t{1} << 12U) == 0x123U);
  BOOST_TEST(lockstep::bounded(0x12345678U, 0x9abcdef0U, std::uint64_t{1} << 52U) ==
             0x123456789abcdU);
  // 0x123456789abcdef0 * 0xfedcba9876543211, worked out with arbitrary precision.
  BOOST_TEST(lockstep::bounded(0x12345678U, 0x9abcdef0U, 0xfedcba9876543211U) ==
             0x121fa00ad77d7422U);
}

BOOST_AUTO_TEST_CASE(bounded_draws_are_equally_likely) {
  const RandomStream stream(3, {"bounded"});
  std::vector<std::uint64_t> draws;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    const RandomWords words = stream.words(i);
    draws.push_back(lockstep::bounded(words[0], words[1], 100));
  }
  // 99 degrees of freedom: 99.8 % of all seeds lie in 61.1 to 149.4.
  BOOST_TEST(chi_square(draws, 100) > 61.1);
  BOOST_TEST(chi_square(draws, 100) < 149.4);
}

BOOST_AUTO_TEST_CASE(neighbouring_counters_and_names_are_uncorrelated) {
  constexpr std::uint32_t kCount = 100'000;
  constexpr double kFourSigma = 4.0 / 316.2;  // a coefficient's deviation is 1 / sqrt(count)
  const RandomStream stream(1, {"a"});
  const auto values = uniforms(stream, 0, kCount);
  BOOST_TEST(std::abs(correlation(values, uniforms(stream, 1, kCount))) < kFourSigma);
  BOOST_TEST(std::abs(correlation(values, uniforms(RandomStream(1, {"b"}), 0, kCount))) <
             kFourSigma);
  BOOST_TEST(std::abs(correlation(values, uniforms(RandomStream(2, {"a"}), 0, kCount))) <
             kFourSigma);
  BOOST_TEST(correlation(values, uniforms(RandomStream(1, {"a"}), 0, kCount)) > 0.999);
}

// statistics.NormalDist().inv_cdf of Python 3.11, which is the same algorithm with libm's log.
BOOST_AUTO_TEST_CASE(normal_quantile_agrees_with_python) {
  struct Known {
    double p;
    double quantile;
  };
  const Known known[] = {
      {1e-300, -37.0470962993612},       {1e-100, -21.27345356096532},
      {1e-20, -9.262340089798405},       {1e-12, -7.034483825301132},
      {1e-06, -4.753424308822899},       {0.001, -3.090232306167813},
      {0.02, -2.0537489106318225},       {0.074, -1.4466320671589785},
      {0.075, -1.4395314709384557},      {0.076, -1.4325027208258114},
      {0.1, -1.2815515655446008},        {0.25, -0.6744897501960817},
      {0.4, -0.2533471031357998},        {0.5, 0.0},
      {0.6, 0.2533471031357998},         {0.9, 1.2815515655446008},
      {0.925, 1.439531470938456},        {0.93, 1.4757910281791708},
      {0.975, 1.9599639845400536},       {0.9999, 3.7190164854557084},
      {0.9999999999, 6.361340889697421},
  };
  for (const auto [p, quantile] : known) {
    // One ulp of the logarithm, halved by the square root, and the last division: 3e-16.
    const double error = std::abs(lockstep::normal_quantile(p) - quantile);
    BOOST_TEST(error <= 3e-16 * std::abs(quantile), "p = " << p << ", error " << error);
  }
}

BOOST_AUTO_TEST_CASE(normal_quantile_inverts_the_distribution) {
  for (const double p : {1e-300, 1e-100, 1e-20, 1e-9, 1e-5, 0.001, 0.0749, 0.0751, 0.3, 0.49}) {
    // The tail's relative slope is about the quantile itself, up to 37.
    const long double cdf = exact_normal_cdf(lockstep::normal_quantile(p));
    const auto error = static_cast<double>(std::abs(cdf / static_cast<long double>(p) - 1.0L));
    BOOST_TEST(error < 1e-15 * (10 + std::pow(lockstep::normal_quantile(p), 2)), "p = " << p);
  }
}

BOOST_AUTO_TEST_CASE(normal_quantile_is_odd_about_one_half) {
  for (double p = 0x1p-40; p < 0.5; p *= 1.5) {
    p = std::round(p * 0x1p+50) * 0x1p-50;  // so that 1 - p is exact
    BOOST_TEST(lockstep::normal_quantile(1 - p) == -lockstep::normal_quantile(p));
  }
  BOOST_TEST(lockstep::normal_quantile(0.5) == 0.0);
  BOOST_TEST(lockstep::normal_quantile(0.0) == -std::numeric_limits<double>::infinity());
  BOOST_TEST(lockstep::normal_quantile(1.0) == std::numeric_limits<double>::infinity());
}

BOOST_AUTO_TEST_CASE(normal_quantile_keeps_its_bits) {
  std::vector<double> values;
  for (const double p : uniforms(RandomStream(4, {"normal"}), 0, 20'000)) {
    values.push_back(lockstep::normal_quantile(p));
  }
  BOOST_TEST(lockstep::hash64(std::as_bytes(std::span(values))) == 0xbd2d79491d2f415aU);
}

BOOST_AUTO_TEST_SUITE_END()
