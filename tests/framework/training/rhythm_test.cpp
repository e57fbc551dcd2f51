#include <boost/test/unit_test.hpp>

#include <vector>

#include "framework/training/trainer.hpp"

namespace lockstep {
namespace {

/// The first steps after which it happens.
std::vector<Index> due_steps(const Rhythm& rhythm, Index steps_per_epoch, std::size_t count) {
  std::vector<Index> due;
  for (Index step = 1; due.size() < count; ++step) {
    if (rhythm.is_due(step, steps_per_epoch)) due.push_back(step);
  }
  return due;
}

/// Multiples of `period`.
std::vector<Index> multiples(Index period, std::size_t count) {
  std::vector<Index> steps;
  for (std::size_t i = 1; i <= count; ++i) steps.push_back(static_cast<Index>(i) * period);
  return steps;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rhythm)

BOOST_AUTO_TEST_CASE(half_an_epoch_falls_on_the_first_step_past_it) {
  BOOST_TEST(due_steps({.every_epochs = 0.5}, 5, 4) == (std::vector<Index>{3, 5, 8, 10}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_period_that_is_whole_but_for_rounding_ends_on_its_own_step) {
  // 1.1 * 100 is 110 + 1.4e-14 in double, 0.07 * 100 is 7 + 9e-16, 0.55 * 860 is 473 + 6e-14.
  BOOST_TEST(due_steps({.every_epochs = 1.1}, 100, 300) == multiples(110, 300),
             boost::test_tools::per_element());
  BOOST_TEST(due_steps({.every_epochs = 0.07}, 100, 300) == multiples(7, 300),
             boost::test_tools::per_element());
  BOOST_TEST(due_steps({.every_epochs = 0.55}, 860, 300) == multiples(473, 300),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_period_below_a_step_is_due_after_every_step) {
  BOOST_TEST(due_steps({.every_epochs = 0.1}, 3, 5) == multiples(1, 5),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(steps_count_from_the_start_of_the_run) {
  BOOST_TEST(due_steps({.every_steps = 4}, 3, 5) == multiples(4, 5),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(neither_steps_nor_epochs_mean_never) {
  for (Index step = 1; step <= 100; ++step) BOOST_TEST(!Rhythm{}.is_due(step, 10));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
