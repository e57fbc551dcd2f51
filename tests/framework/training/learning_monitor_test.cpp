#include "framework/training/learning_monitor.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <utility>
#include <vector>

namespace lockstep {
namespace {

// What it says, and after which steps, when each step's loss is `loss`.
std::vector<std::pair<Index, double>> said(LearningMonitor monitor, double loss, Index first = 1) {
  std::vector<std::pair<Index, double>> all;
  for (Index step = first; step <= 400; ++step) {
    const auto mean = monitor.on_step({.step = step, .loss = loss});
    if (mean) all.emplace_back(step, *mean);
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learning_monitor)

BOOST_AUTO_TEST_CASE(a_loss_that_stays_where_guessing_is_is_told_once) {
  const auto found = said(LearningMonitor(10, 0), 2.3125);  // 25 of them add up exactly
  BOOST_REQUIRE(found.size() == 1);
  BOOST_TEST(found[0].first == 100);
  BOOST_TEST(found[0].second == 2.3125);
  BOOST_TEST(LearningMonitor(10, 0).guessing_loss() == std::log(10.0));
}

BOOST_AUTO_TEST_CASE(a_loss_that_has_fallen_is_not) {
  BOOST_TEST(said(LearningMonitor(10, 0), 0.97 * std::log(10.0)).empty());
  BOOST_TEST(said(LearningMonitor(100, 0), 2.3125).empty());
}

BOOST_AUTO_TEST_CASE(a_long_warm_up_is_waited_for) {
  BOOST_TEST(said(LearningMonitor(10, 200), 3).at(0).first == 225);
}

BOOST_AUTO_TEST_CASE(a_resumed_training_is_judged_only_where_it_saw_all_the_steps) {
  BOOST_TEST(said(LearningMonitor(10, 0), 3, 76).size() == 1);
  BOOST_TEST(said(LearningMonitor(10, 0), 3, 77).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
