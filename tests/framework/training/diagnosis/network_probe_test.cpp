#include "framework/training/diagnosis/network_probe.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <numeric>

#include "framework/graph/parameter_store.hpp"
#include "tests/support/losses.hpp"
#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

using testing::TestLayer;

constexpr double kRounding = 1e-5;  // of sums of some hundred floats

// A network of dense layers on made-up inputs, whose parameters a test sets.
struct Bench {
  explicit Bench(const std::vector<TestLayer>& layers)
      : graph(parse_graph_spec(testing::model_value({1, 2, 3}, layers))), parameters(graph, 3) {}

  Graph graph;
  ParameterStore parameters;
  testing::TestDataset data{100, {1, 2, 3}, 3};

  NetworkFigures probe(std::size_t samples = 20) const {
    std::vector<Index> positions(samples);
    std::iota(positions.begin(), positions.end(), 5);
    return probe_network(graph, {.parameters = parameters.values(),
                                 .dataset = data,
                                 .samples = positions,
                                 .loss = testing::cross_entropy()});
  }
  void fill(std::size_t entry, float value) {
    const ParameterEntry& place = parameters.layout().entries()[entry];
    const auto tensor = parameters.mutable_values().subspan(place.offset, place.size);
    std::fill(tensor.begin(), tensor.end(), value);
  }
  double pixel(Index sample, std::size_t feature) const {
    alignas(64) std::array<float, 6 * kLanes> memory{};
    const std::vector<Index> lanes(kLanes, sample);
    const LaneView block = blocked_view(memory.data(), 6, 1);
    data.gather({.samples = lanes}, block);
    return static_cast<double>(block.at(feature, 0)[0]);
  }
};

const std::vector<TestLayer> kTwoLayers{{"flat", "flatten"},
                                        {"f1", "dense", {{"units", "4"}}},
                                        {"r1", "relu"},
                                        {"f2", "dense", {{"units", "3"}}}};

}  // namespace

BOOST_AUTO_TEST_SUITE(network_probe)

BOOST_AUTO_TEST_CASE(input_figures_are_those_of_the_samples) {
  const Bench bench(kTwoLayers);
  const NetworkFigures figures = bench.probe(20);
  double sum = 0;
  double squares = 0;
  for (Index sample = 5; sample < 25; ++sample) {
    for (std::size_t f = 0; f < 6; ++f) {
      sum += bench.pixel(sample, f);
      squares += bench.pixel(sample, f) * bench.pixel(sample, f);
    }
  }
  const double mean = sum / 120;
  BOOST_TEST(figures.input_mean.at(0) == mean, boost::test_tools::tolerance(kRounding));
  BOOST_TEST(figures.input_rms == std::sqrt(squares / 120),
             boost::test_tools::tolerance(kRounding));
  BOOST_TEST(figures.input_std.at(0) == std::sqrt(squares / 120 - mean * mean),
             boost::test_tools::tolerance(kRounding));
}

BOOST_AUTO_TEST_CASE(weights_of_zero_cost_what_guessing_does_and_leave_no_gradient_upstream) {
  Bench bench(kTwoLayers);
  bench.fill(0, 0);
  bench.fill(2, 0);
  const NetworkFigures figures = bench.probe();
  BOOST_TEST(figures.loss == std::log(3.0), boost::test_tools::tolerance(1e-6));
  BOOST_TEST(figures.layers[1].weight_rms == 0);
  BOOST_TEST(figures.layers[1].weight_gradient_rms == 0);
  BOOST_TEST(figures.layers[1].has_equal_units);
  BOOST_TEST(figures.layers[1].gradient_rms == 0);
  BOOST_TEST(figures.layers[3].gradient_rms > 0);
}

BOOST_AUTO_TEST_CASE(the_gradient_is_that_of_the_mean_loss) {
  Bench bench(kTwoLayers);
  const NetworkFigures before = bench.probe();
  // The root mean square of softmax minus target over samples and classes, divided by samples.
  BOOST_TEST(before.layers[3].gradient_rms <= 1.0 / 20);
  // Along one weight: the loss changes as the gradient says; others are zero and pass nothing.
  bench.fill(0, 0);
  bench.fill(1, 1);
  bench.fill(2, 0);
  const ParameterEntry& bias = bench.parameters.layout().entries()[3];
  const double middle = bench.probe().loss;
  bench.parameters.mutable_values()[bias.offset] = 0.01F;
  const double right = bench.probe().loss;
  double first_class = 0;
  for (std::size_t n = 5; n < 25; ++n) first_class += bench.data.labels()[n] == 0 ? 1 : 0;
  const double slope = 1.0 / 3 - first_class / 20;
  BOOST_TEST((right - middle) / 0.01 == slope, boost::test_tools::tolerance(0.1));
}

BOOST_AUTO_TEST_CASE(a_unit_of_equal_weights_whose_readers_differ_is_not_lost) {
  Bench bench(kTwoLayers);
  bench.fill(0, 0.1F);
  bench.fill(1, 1);
  BOOST_TEST(!bench.probe().layers[1].has_equal_units);
  bench.fill(2, 0.2F);
  BOOST_TEST(bench.probe().layers[1].has_equal_units);
}

BOOST_AUTO_TEST_CASE(rectifiers_that_are_never_positive_are_counted_by_unit) {
  Bench bench(kTwoLayers);
  const ParameterEntry& bias = bench.parameters.layout().entries()[1];
  for (const std::size_t unit : {0U, 2U}) {
    bench.parameters.mutable_values()[bias.offset + unit] = -100;
  }
  for (const std::size_t unit : {1U, 3U}) {
    bench.parameters.mutable_values()[bias.offset + unit] = 100;
  }
  const NetworkFigures figures = bench.probe();
  BOOST_TEST(figures.layers[2].dead_share == 0.5);
  BOOST_TEST(figures.layers[1].bias_mean == 0);
  BOOST_TEST(std::isnan(figures.layers[1].dead_share));
}

BOOST_AUTO_TEST_CASE(a_channel_of_an_image_is_one_unit) {
  const Graph graph(parse_graph_spec(
      testing::model_value({1, 6, 6}, {{"c", "conv2d", {{"filters", "4"}, {"kernel", "3"}}},
                                       {"r", "relu"},
                                       {"flat", "flatten"},
                                       {"out", "dense", {{"units", "3"}}}})));
  ParameterStore parameters(graph, 3);
  parameters.mutable_values()[parameters.layout().entries()[1].offset] = -100;
  for (std::size_t unit = 1; unit < 4; ++unit) {
    parameters.mutable_values()[parameters.layout().entries()[1].offset + unit] = 100;
  }
  const testing::TestDataset data(50, {1, 6, 6}, 3);
  const std::vector<Index> samples{1, 2, 3};
  const NetworkFigures figures = probe_network(graph, {.parameters = parameters.values(),
                                                       .dataset = data,
                                                       .samples = samples,
                                                       .loss = testing::cross_entropy()});
  BOOST_TEST(figures.layers[1].dead_share == 0.25);
}

BOOST_AUTO_TEST_CASE(squashing_functions_near_their_bounds_are_saturated) {
  for (const char* type : {"tanh", "sigmoid"}) {
    Bench bench({{"flat", "flatten"},
                 {"f1", "dense", {{"units", "4"}}},
                 {"t1", type},
                 {"f2", "dense", {{"units", "3"}}}});
    bench.fill(0, 0);
    BOOST_TEST(bench.probe().layers[2].saturated_share == 0);
    bench.fill(1, -50);
    BOOST_TEST(bench.probe().layers[2].saturated_share == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_bias_is_no_spread_and_a_factor_of_the_weights_is_one_of_the_spread) {
  Bench bench({{"flat", "flatten"}, {"f1", "dense", {{"units", "3"}, {"weight_scale", "2"}}}});
  bench.fill(0, 0.5F);
  const NetworkFigures once = bench.probe();
  bench.fill(1, 7);
  BOOST_TEST(bench.probe().layers[1].output_spread == once.layers[1].output_spread,
             boost::test_tools::tolerance(1e-4));  // of a difference of squares
  BOOST_TEST(once.layers[1].weight_rms == 1);
  bench.fill(0, 1);
  BOOST_TEST(bench.probe().layers[1].output_spread == 2 * once.layers[1].output_spread,
             boost::test_tools::tolerance(1e-4));
}

BOOST_AUTO_TEST_CASE(the_first_layer_that_is_not_finite_is_seen) {
  Bench bench(kTwoLayers);
  bench.fill(0, 1e30F);
  bench.fill(2, 1e30F);
  const NetworkFigures figures = bench.probe();
  BOOST_TEST(figures.layers[1].is_finite);
  BOOST_TEST(!figures.layers[3].is_finite);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
