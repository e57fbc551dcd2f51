#include "framework/training/evaluation/predictor.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

#include "framework/training/evaluation/evaluator.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"
#include "tests/support/losses.hpp"
#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

using namespace testing;

struct PredictorBench {
  Graph graph{busy_network()};
  ParameterStore parameters{graph, 11};
  TestDataset data{70, {2, 8, 7}, 5};

  /// (samples, classes), by the way for many samples
  std::vector<float> of_all() const {
    const WorkerTeam team(1);
    return Evaluator(graph, parameters.layout(), team, testing::cross_entropy())
        .probabilities(parameters.values(), data);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(predictor)

BOOST_AUTO_TEST_CASE(each_sample_has_the_bits_it_has_among_many) {
  const PredictorBench bench;
  const std::vector<float> expected = bench.of_all();
  for_each_isa([&] {
    Predictor predictor(bench.graph, bench.parameters.layout(), bench.parameters.values(),
                        testing::cross_entropy());
    for (Index sample = 0; sample < bench.data.size(); ++sample) {
      const auto row = std::span(expected).subspan(static_cast<std::size_t>(sample) * 5, 5);
      BOOST_TEST(first_difference(predictor.probabilities(bench.data, sample), row) == kSame);
    }
  });
}

BOOST_AUTO_TEST_CASE(features_given_by_hand_are_taken_as_they_are) {
  const PredictorBench bench;
  AlignedBuffer<float> memory(112 * kLanes);
  const LaneView lanes = blocked_view(memory.span().data(), 112, 1);
  bench.data.gather({.samples = std::vector<Index>(kLanes, 33)}, lanes);
  std::vector<float> features;
  for (std::size_t f = 0; f < 112; ++f) features.push_back(*lanes.at(f, 0));
  Predictor predictor(bench.graph, bench.parameters.layout(), bench.parameters.values(),
                      testing::cross_entropy());
  const auto found = predictor.probabilities(features);
  const std::vector<float> by_hand(found.begin(), found.end());
  BOOST_TEST(first_difference(by_hand, predictor.probabilities(bench.data, 33)) == kSame);
}

BOOST_AUTO_TEST_CASE(parameters_are_those_of_construction) {
  PredictorBench bench;
  const std::vector<float> expected = bench.of_all();
  Predictor predictor(bench.graph, bench.parameters.layout(), bench.parameters.values(),
                      testing::cross_entropy());
  std::ranges::fill(bench.parameters.mutable_values(), 0.0F);
  BOOST_TEST(first_difference(predictor.probabilities(bench.data, 0),
                              std::span(expected).first(5)) == kSame);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
