// A micro-batch with fewer samples than lanes: what its idle lanes compute must reach nothing.

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <mutex>
#include <set>
#include <vector>

#include "framework/training/exchange/communicator.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

/// Samples of one element, which is 1 in each; keeps what it was asked for.
class Ones final : public Dataset {
 public:
  explicit Ones(std::size_t size) : labels_(size) {}

  Index size() const override { return static_cast<Index>(labels_.size()); }
  Shape sample_shape() const override { return {1}; }
  Index classes() const override { return 2; }
  std::span<const Label> labels() const override { return labels_; }

  void gather(const GatherRequest& request, LaneView block) const override {
    BOOST_REQUIRE_EQUAL(request.samples.size(), block.lanes());
    for (std::size_t n = 0; n < block.lanes(); ++n) block.at(0, n / kLanes)[n % kLanes] = 1;
    const std::lock_guard lock(asking_);
    asked.emplace_back(request.samples.begin(), request.samples.end());
  }

  mutable std::vector<std::vector<Index>> asked{};

 private:
  std::vector<Label> labels_;
  mutable std::mutex asking_{};
};

/// a = 2e29 - 2e29 x, b = 4e9 a: +0 for the only input there is, infinite for an input of 0.
struct Bench {
  explicit Bench(std::size_t samples) : training(samples) {
    const std::vector<float> values = {-2e29F, 2e29F, 4e9F, 0, 0, 0, 0, 0};
    std::ranges::copy(values, setup.parameters.mutable_values().begin());
  }

  StepRecord train_step(Index batch_size) {
    setup.settings.batch_size = batch_size;
    Trainer trainer(setup, {.team = team, .communicator = solo, .clock = testing::no_time});
    return trainer.train_step();
  }

  Ones training;
  Graph graph{parse_graph_spec(testing::model_value({1}, {{"a", "dense", {{"units", "1"}}},
                                                          {"b", "dense", {{"units", "1"}}},
                                                          {"r", "relu"},
                                                          {"o", "dense", {{"units", "2"}}}}))};
  TrainingSetup setup = testing::set_up(
      graph, {.training = training}, {.total_steps = 1, .batch_size = 1, .micro_batch = 32},
      {.optimizer = {{"type", "sgd"}},
       .learning_rate = {{"schedule", "constant"}, {"peak", "1e-30"}}});
  WorkerTeam team{1};
  SoloCommunicator solo;
};

std::vector<Index> with_idle_lanes(Index first, Index samples, std::size_t lanes) {
  std::vector<Index> positions;
  for (Index i = 0; i < samples; ++i) positions.push_back(first + i);
  positions.resize(lanes, positions.back());
  return positions;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(idle_lanes)

BOOST_AUTO_TEST_CASE(an_overflow_that_no_sample_has_does_not_reach_the_gradient) {
  for (const Index samples : {16, 8, 1, 17}) {
    Bench bench(static_cast<std::size_t>(samples));
    const StepRecord record = bench.train_step(samples);
    // Two outputs of 0: p = 1/2 each, and only the output's biases have a gradient, -+1/2.
    BOOST_TEST(std::abs(record.loss - std::log(2.0)) < 1e-7);
    BOOST_TEST(std::abs(record.gradient_norm - std::sqrt(0.5)) < 1e-7);
  }
}

BOOST_AUTO_TEST_CASE(training_repeats_the_last_sample_of_a_micro_batch_in_them) {
  Bench bench(37);
  bench.train_step(37);
  BOOST_REQUIRE_EQUAL(bench.training.asked.size(), 2U);
  BOOST_TEST(bench.training.asked[0].size() == 32U);
  const std::vector<Index>& last = bench.training.asked[1];
  BOOST_REQUIRE_EQUAL(last.size(), 16U);
  for (std::size_t n = 5; n < last.size(); ++n) BOOST_TEST(last[n] == last[4]);
  BOOST_TEST(std::set<Index>(last.begin(), last.end()).size() == 5U);
}

BOOST_AUTO_TEST_CASE(evaluation_repeats_the_last_sample_of_a_micro_batch_in_them) {
  const Bench bench(70);
  const ParameterStore& parameters = bench.setup.parameters;
  Evaluator evaluator(bench.graph, parameters.layout(), bench.team, *bench.setup.loss);
  SoloCommunicator solo;
  BOOST_TEST(evaluator.evaluate(parameters.values(), bench.training, solo).samples == 70);
  BOOST_REQUIRE_EQUAL(bench.training.asked.size(), 2U);
  BOOST_TEST(bench.training.asked[0] == with_idle_lanes(0, 64, 64),
             boost::test_tools::per_element());
  BOOST_TEST(bench.training.asked[1] == with_idle_lanes(64, 6, 16),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
