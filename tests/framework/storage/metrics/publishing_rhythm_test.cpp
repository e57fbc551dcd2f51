#include "framework/storage/metrics/publishing_rhythm.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace lockstep::testing {
namespace {

BOOST_AUTO_TEST_SUITE(publishing_rhythm)

BOOST_AUTO_TEST_CASE(what_costs_little_is_published_at_every_evaluation) {
  PublishingRhythm rhythm(100);
  BOOST_TEST(!rhythm.is_affordable(100.9, 0));  // 0.01 s are expected, and are 1 % of 1 s
  for (int second = 2; second <= 50; ++second) {
    const double now = 100.0 + second;
    BOOST_TEST(rhythm.is_affordable(now, second));
    rhythm.on_published(now, now + 0.001, second);
  }
}

BOOST_AUTO_TEST_CASE(between_evaluations_a_version_is_ten_seconds_old_before_the_next) {
  PublishingRhythm rhythm(0);
  BOOST_TEST(!rhythm.is_due(9.9, 10));
  BOOST_TEST(rhythm.is_due(10, 10));
  rhythm.on_published(10, 10.001, 10);
  BOOST_TEST(rhythm.is_affordable(11, 20));
  BOOST_TEST(!rhythm.is_due(20, 20));
  BOOST_TEST(rhythm.is_due(20.1, 20));
}

BOOST_AUTO_TEST_CASE(after_one_that_took_long_the_next_waits_until_it_is_a_hundredth_of_the_time) {
  PublishingRhythm rhythm(0);
  rhythm.on_published(10, 12, 1000);  // 2 s, and as much is expected again
  BOOST_TEST(!rhythm.is_affordable(399, 1000));
  BOOST_TEST(rhythm.is_affordable(401, 1000));
  // With 51,000 rows more, twice as much: (50,000 + 52,000) / (50,000 + 1,000).
  BOOST_TEST(!rhythm.is_affordable(599, 52'000));
  BOOST_TEST(rhythm.is_affordable(601, 52'000));
}

BOOST_AUTO_TEST_CASE(a_long_run_never_gives_more_than_a_hundredth_and_its_file_keeps_up) {
  // Two million steps of 0.5 ms, an evaluation of 50 ms every 430 steps; a version takes 15 ms and
  // 0.5 us per row, 1 s in the end.
  PublishingRhythm rhythm(0);
  double now = 0;
  double spent = 0;
  double largest_lag = 0;  // steps that the file lacks, as a part of all, from the first 20 s on
  Index published = 0;
  int versions = 0;
  for (Index step = 1; step <= 2'000'000; ++step) {
    now += 0.0005;
    const bool is_evaluated = step % 430 == 0;
    if (is_evaluated) now += 0.05;
    if (now > 20) {
      largest_lag =
          std::max(largest_lag, static_cast<double>(step - published) / static_cast<double>(step));
    }
    if (is_evaluated ? !rhythm.is_affordable(now, step) : !rhythm.is_due(now, step)) continue;
    const double cost = 0.015 + 0.5e-6 * static_cast<double>(step);
    rhythm.on_published(now, now + cost, step);
    now += cost;
    spent += cost;
    published = step;
    ++versions;
    // The first takes 15.9 ms, and 10.3 ms were expected of it.
    BOOST_REQUIRE(spent <= 0.01 * now + 0.006);
  }
  BOOST_TEST(versions >= 40);
  // At 20 s, after 32,500 steps, a version takes 31 ms, and may come again after 3.1 s: 0.16.
  BOOST_TEST(largest_lag < 0.16);
  BOOST_TEST(spent > 0.008 * now);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing
