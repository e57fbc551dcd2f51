#include "framework/training/trial_run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "framework/training/diagnosis/nearest_mean.hpp"
#include "framework/training/step/first_samples.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

struct TrialBench {
  Graph graph{testing::busy_network()};
  testing::TestDataset data{330, {2, 8, 7}, 5};
  WorkerTeam team{2};

  TrialResult run(double peak, const Dataset& dataset, Index batch = 50) const {
    TrainingSetup setup = testing::set_up(graph, {.training = dataset},
                                          {.seed = 11,
                                           .total_steps = 20,
                                           .batch_size = batch,
                                           .micro_batch = 16,
                                           .digest_every_steps = 0});
    const Schedule whole = constant_schedule(1);
    setup.schedule = shortened(whole, 20, 20, peak);  // also beyond what a file may say
    return run_trial(setup, team);
  }
  TrialResult run(double peak) const { return run(peak, data); }
};

std::vector<Index> positions(Index first, Index last) {
  std::vector<Index> all(static_cast<std::size_t>(last - first));
  std::iota(all.begin(), all.end(), first);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trial_run)

BOOST_AUTO_TEST_CASE(a_trial_at_a_good_rate_learns) {
  const TrialResult result = TrialBench().run(0.01);
  BOOST_TEST(result.is_finite);
  BOOST_TEST(result.steps == 20);
  BOOST_TEST(result.loss < result.first_loss);
  BOOST_TEST(result.accuracy > 0.5);
}

BOOST_AUTO_TEST_CASE(without_a_rate_nothing_moves_and_with_adam_weights_move_by_the_rate) {
  const TrialBench bench;
  const TrialResult still = bench.run(0);
  BOOST_TEST(still.update_ratios[0] == 0);
  const ParameterStore initial(bench.graph, 11);
  BOOST_TEST(std::ranges::equal(still.parameters, initial.values()));
  BOOST_TEST(std::isnan(still.update_ratios[1]));  // a rectifier
  const TrialResult moved = bench.run(1e-5);
  double squares = 0;
  for (const float w : initial.tensor(0))
    squares += static_cast<double>(w) * static_cast<double>(w);
  const double rms = std::sqrt(squares / static_cast<double>(initial.tensor(0).size()));
  BOOST_TEST(moved.update_ratios[0] > 0.3e-5 / rms);  // gradients change their signs
  BOOST_TEST(moved.update_ratios[0] < 1.1e-5 / rms);
}

BOOST_AUTO_TEST_CASE(a_trial_that_leaves_the_finite_numbers_says_after_how_many_steps) {
  const TrialResult result = TrialBench().run(1e30);
  BOOST_TEST(!result.is_finite);
  BOOST_TEST(result.steps < 20);
  BOOST_TEST(std::isnan(result.accuracy));
}

BOOST_AUTO_TEST_CASE(one_batch_is_learned_by_heart) {
  const TrialBench bench;
  const FirstSamples few(bench.data, 16);
  const TrialResult result = bench.run(0.02, few, 16);
  BOOST_TEST(result.loss < 0.5 * result.first_loss);
}

BOOST_AUTO_TEST_CASE(the_nearest_mean_knows_classes_that_show_and_guesses_labels_that_do_not) {
  const testing::TestDataset data(400, {2, 8, 7}, 5);
  BOOST_TEST(nearest_mean_accuracy(data, positions(0, 200), positions(200, 400)) > 0.95);
  // Nothing to take means over but one sample: everything is of its class.
  const std::vector<Index> one{0};
  const double share = static_cast<double>(std::ranges::count(data.labels(), data.labels()[0]));
  BOOST_TEST(nearest_mean_accuracy(data, one, positions(0, 400)) == share / 400);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
