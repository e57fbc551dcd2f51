#include "framework/storage/metrics/metrics_tables.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace lockstep::testing {
namespace {

std::vector<StepRecord> steps_with_losses(const std::vector<double>& losses) {
  std::vector<StepRecord> steps;
  for (const double loss : losses) {
    steps.push_back({.step = static_cast<Index>(steps.size()) + 1, .loss = loss});
  }
  return steps;
}

/// Losses that fall, slowly enough for any stretch to have one smallest and one largest.
std::vector<double> falling_losses(std::size_t count) {
  std::vector<double> losses;
  for (std::size_t i = 0; i < count; ++i) {
    losses.push_back(static_cast<double>(count - i) / static_cast<double>(count));
  }
  return losses;
}

bool has_step(const std::vector<StepRecord>& steps, Index step) {
  return std::ranges::count(steps, step, &StepRecord::step) == 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_tables)

BOOST_AUTO_TEST_CASE(two_thousand_steps_are_all_on_the_curve) {
  BOOST_TEST(loss_curve({}).empty());
  BOOST_TEST(loss_curve(steps_with_losses(falling_losses(2000))).size() == 2000U);
}

BOOST_AUTO_TEST_CASE(more_steps_keep_the_ends_and_each_stretchs_extremes_in_order) {
  std::vector<double> losses = falling_losses(100000);
  losses[54321] = 9;    // a spike of one step
  losses[54322] = -1;   // and the opposite
  losses[77777] = NAN;  // counts as the largest of its stretch
  const std::vector<StepRecord> curve = loss_curve(steps_with_losses(losses));
  BOOST_TEST(curve.size() == 2000U);
  BOOST_TEST(curve.front().step == 1);
  BOOST_TEST(curve.back().step == 100000);
  BOOST_TEST(has_step(curve, 54322));
  BOOST_TEST(has_step(curve, 54323));
  BOOST_TEST(has_step(curve, 77778));
  BOOST_TEST(std::ranges::is_sorted(curve, std::ranges::less_equal{}, &StepRecord::step));
  for (const StepRecord& record : curve) {
    const double recorded = losses.at(static_cast<std::size_t>(record.step - 1));
    BOOST_TEST((record.loss == recorded || std::isnan(recorded)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep::testing
