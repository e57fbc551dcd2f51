#include "experiments/sweep/halving.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <vector>

namespace lockstep {
namespace {

constexpr Index kSteps = 90;
const SweepMetric kAccuracy{.name = "validation_accuracy"};

/// A trial's evaluations, one after another.
struct MadeUpTrial {
  std::vector<EpochRecord> evaluations = {};
  bool has_failed = false;
};

EpochRecord evaluation(Index step, double accuracy) {
  return {.step = step, .validation_loss = 1 - accuracy, .validation_accuracy = accuracy};
}

/// "-" waits, "x" pruned, else the step to train to, "end" for the last.
std::vector<std::string> decided(const std::vector<MadeUpTrial>& trials,
                                 const HalvingConfig& halving = {},
                                 const SweepMetric& metric = kAccuracy) {
  std::vector<HalvingTrial> known;
  for (const MadeUpTrial& trial : trials) {
    known.push_back({kSteps, trial.has_failed, trial.evaluations});
  }
  std::vector<std::string> texts;
  for (const HalvingDecision& decision : decide_halving(halving, metric, known)) {
    const std::string end = decision.until == 0 ? "end" : std::to_string(decision.until);
    texts.push_back(decision.turn == HalvingDecision::Turn::wait     ? "-"
                    : decision.turn == HalvingDecision::Turn::pruned ? "x"
                                                                     : end);
  }
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(halving)

BOOST_AUTO_TEST_CASE(rungs_are_powers_of_the_factor_before_the_end) {
  BOOST_TEST(rung_step({.factor = 3, .rungs = 2}, 0, 90) == 10);
  BOOST_TEST(rung_step({.factor = 3, .rungs = 2}, 1, 90) == 30);
  BOOST_TEST(rung_step({.factor = 2, .rungs = 3}, 0, 100) == 12);
  BOOST_TEST(rung_step({.factor = 100, .rungs = 2}, 0, 90) == 1);
}

BOOST_AUTO_TEST_CASE(all_train_to_the_first_rung_and_those_that_came_wait_there) {
  BOOST_TEST(decided({{}, {}}) == (Texts{"10", "10"}), boost::test_tools::per_element());
  BOOST_TEST(
      decided({{}, {{evaluation(5, 0.5)}}, {{evaluation(10, 0.5)}}}) == (Texts{"10", "10", "-"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_in_factor_goes_on_rounded_up_the_earlier_of_equals) {
  BOOST_TEST(decided({{{evaluation(10, 0.5)}}, {{evaluation(10, 0.7)}}, {{evaluation(10, 0.6)}}}) ==
                 (Texts{"x", "30", "x"}),
             boost::test_tools::per_element());
  BOOST_TEST(decided({{{evaluation(10, 0.5)}},
                      {{evaluation(10, 0.7)}},
                      {{evaluation(10, 0.5)}},
                      {{evaluation(10, 0.4)}}}) == (Texts{"30", "30", "x", "x"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(those_that_pass_the_last_rung_train_to_the_end) {
  const MadeUpTrial good{{evaluation(10, 0.8), evaluation(30, 0.9)}};
  const MadeUpTrial fair{{evaluation(10, 0.7), evaluation(31, 0.7)}};
  const MadeUpTrial bad{{evaluation(10, 0.5)}};
  BOOST_TEST(decided({bad, fair, bad, good}) == (Texts{"x", "x", "x", "end"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(losses_are_better_when_smaller) {
  BOOST_TEST(decided({{{evaluation(45, 0.5)}}, {{evaluation(45, 0.7)}}}, {.factor = 2, .rungs = 1},
                     {.name = "validation_loss", .maximize = false}) == (Texts{"x", "end"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_failed_trial_holds_nobody_up_and_is_the_worst) {
  BOOST_TEST(decided({{{}, true}, {{evaluation(10, 0.1)}}, {}}) == (Texts{"-", "-", "10"}),
             boost::test_tools::per_element());
  BOOST_TEST(decided({{{}, true}, {{evaluation(10, 0.1)}}, {{evaluation(10, 0.2)}}}) ==
                 (Texts{"x", "x", "30"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_failure_later_on_changes_no_earlier_rung) {
  const MadeUpTrial failed{{evaluation(10, 0.8)}, true};
  const MadeUpTrial fair{{evaluation(10, 0.7)}};
  const MadeUpTrial bad{{evaluation(10, 0.5)}};
  BOOST_TEST(decided({failed, fair, bad}) == (Texts{"end", "x", "x"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_figure_that_is_no_number_is_the_worst) {
  BOOST_TEST(decided({{{evaluation(45, kNotMeasured)}}, {{evaluation(45, 0.1)}}},
                     {.factor = 2, .rungs = 1}) == (Texts{"x", "end"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
