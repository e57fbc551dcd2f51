// Whole networks on one sample alone: the bits of a lane of a micro-batch.

#include "framework/graph/one_sample_pass.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

#include "framework/graph/micro_batch_pass.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"
#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

using namespace testing;

/// Strides, paddings, odd sizes, all activations, both poolings fused and alone, branches, joins.
GraphSpec odd_network() {
  return parse_graph_spec(model_value(
      {2, 23, 21},
      {{"c1", "conv2d", {{"filters", "5"}, {"kernel", "4"}, {"padding", "2"}, {"stride", "2"}}},
       {"t1", "tanh"},
       {"p1", "max_pool2d", {{"kernel", "3"}, {"stride", "2"}, {"padding", "1"}}},
       {"left", "conv2d", {{"filters", "17"}, {"kernel", "3"}, {"padding", "1"}}, {"p1"}},
       {"s1", "sigmoid"},
       {"right", "conv2d", {{"filters", "17"}, {"kernel", "1"}, {"bias", "false"}}, {"p1"}},
       {"r1", "relu"},
       {"sum", "add", {}, {"s1", "r1"}},
       {"joined", "concat", {}, {"sum", "p1"}},
       {"c2", "conv2d", {{"filters", "20"}, {"kernel", "2"}}},
       {"r2", "relu"},
       {"p2", "max_pool2d", {{"kernel", "2"}}},
       {"p3", "avg_pool2d", {{"kernel", "1"}}},
       {"drop", "dropout", {{"rate", "0.5"}}},
       {"flat", "flatten"},
       {"f1", "dense", {{"units", "21"}, {"weight_scale", "0.3"}}},
       {"t2", "tanh"},
       {"again", "concat", {}, {"t2", "flat"}},
       {"f2", "dense", {{"units", "7"}, {"bias", "false"}}}}));
}

GraphSpec flattened_input() {
  return parse_graph_spec(model_value({2, 3, 3}, {{"flat", "flatten"}}));
}

std::vector<float> lane_values(const ConstLaneView& view, std::size_t lane) {
  std::vector<float> values;
  for (std::size_t f = 0; f < view.features; ++f) values.push_back(view.at(f, 0)[lane]);
  return values;
}

void check_every_lane(const GraphSpec& spec) {
  const Graph graph(spec);
  const ParameterStore parameters(graph, 3);
  std::vector<float> scaled(parameters.layout().size());
  parameters.layout().apply_scales(parameters.values(), scaled);
  const Plan plan(graph, kLanes, PlanPurpose::training);
  MicroBatchPass lanes(plan, parameters.layout());
  const std::vector<float> pixels = random_values(lanes.input().features * kLanes, 8);
  for (std::size_t f = 0; f < lanes.input().features; ++f) {
    std::copy_n(pixels.data() + f * kLanes, kLanes, lanes.input().at(f, 0));
  }
  lanes.forward(scaled, {.training = false, .samples = std::vector<Index>(kLanes)});
  for_each_isa([&] {
    OneSamplePass alone(graph, parameters.layout(), parameters.values());
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      for (std::size_t f = 0; f < alone.input().size(); ++f) {
        alone.input()[f] = pixels[f * kLanes + lane];
      }
      alone.forward();
      BOOST_TEST(first_difference(alone.output(), lane_values(lanes.output(), lane)) == kSame);
    }
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(one_sample_pass)

BOOST_AUTO_TEST_CASE(lenet5_has_the_bits_of_a_lane) { check_every_lane(lenet5_network()); }

BOOST_AUTO_TEST_CASE(branches_joins_scales_and_dropout_have_the_bits_of_a_lane) {
  check_every_lane(busy_network());
}

BOOST_AUTO_TEST_CASE(odd_sizes_and_layers_without_a_way_of_their_own_have_the_bits_of_a_lane) {
  check_every_lane(odd_network());
}

BOOST_AUTO_TEST_CASE(a_network_that_only_reshapes_shows_its_input) {
  check_every_lane(flattened_input());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
