#include "experiments/bench/layer_benchmark.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

using testing::busy_network;
using testing::lenet5_network;
using testing::model_value;
using testing::TestLayer;

std::vector<StepWorkload> workloads(const GraphSpec& network, Index samples) {
  const Graph graph(network);
  const Plan plan(graph, 16, PlanPurpose::training);
  return step_workloads(plan, samples);
}

BOOST_AUTO_TEST_SUITE(layer_benchmark)

BOOST_AUTO_TEST_CASE(layers_done_in_one_pass_share_a_step_named_after_all_of_them) {
  std::vector<std::string> names;
  for (const StepWorkload& step : workloads(lenet5_network(), 1)) names.push_back(step.name);
  const std::vector<std::string> expected = {"c1+relu1+s2", "c3+relu3+s4", "f5+relu5", "f6+relu6",
                                             "output"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(joins_and_layers_that_only_move_numbers_are_steps_without_operations) {
  std::vector<std::string> idle;
  for (const StepWorkload& step : workloads(busy_network(), 1)) {
    if (step.forward.operations == 0) idle.push_back(step.name);
    BOOST_TEST(step.forward.bytes > 0);
  }
  const std::vector<std::string> expected = {"joined", "t1", "d1"};
  BOOST_TEST(idle == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_first_layer_has_no_gradient_to_give_back) {
  const StepWorkload c1 = workloads(lenet5_network(), 1).front();
  // 6 x 24 x 24 outputs of 25 multiply-adds each.
  BOOST_TEST(c1.forward.operations == 2 * 86400);
  BOOST_TEST(c1.backward.operations == 2 * 86400);
  // 28 x 28 inputs, 6 x 12 x 12 outputs, 6 x 26 parameters.
  BOOST_TEST(c1.forward.bytes == 4 * (784 + 864 + 156));
  BOOST_TEST(c1.backward.bytes == 4 * (784 + 2 * 864 + 156));
  BOOST_TEST(c1.forward.intensity() == 172800.0 / 7216);
}

BOOST_AUTO_TEST_CASE(a_later_layer_computes_two_gradients) {
  const StepWorkload c3 = workloads(lenet5_network(), 1)[1];
  BOOST_TEST(c3.forward.operations == 2 * 153600);
  BOOST_TEST(c3.backward.operations == 4 * 153600);
  BOOST_TEST(c3.forward.bytes == 4 * (864 + 256 + 2416));
  BOOST_TEST(c3.backward.bytes == 4 * (2 * 864 + 2 * 256 + 2 * 2416));
}

BOOST_AUTO_TEST_CASE(taps_on_padding_and_outputs_that_pooling_leaves_out_are_not_counted) {
  const auto operations = [](const std::vector<TestLayer>& layers, std::int64_t side) {
    return workloads(parse_graph_spec(model_value({2, side, side}, layers)), 1)
        .front()
        .forward.operations;
  };
  const TestLayer padded{"c", "conv2d", {{"filters", "5"}, {"kernel", "3"}, {"padding", "1"}}};
  // Along each axis of 4 pixels the kernel has 2 + 3 + 3 + 2 taps inside.
  BOOST_TEST(operations({padded}, 4) == 2 * 5 * 2 * 10 * 10);
  const TestLayer plain{"c", "conv2d", {{"filters", "5"}, {"kernel", "3"}}};
  // Of 5 x 5 outputs the pooling reads 4 x 4.
  BOOST_TEST(operations({plain, {"r", "relu"}, {"p", "max_pool2d", {{"kernel", "2"}}}}, 7) ==
             2 * 5 * 2 * 9 * 16);
  // The kernel reaches beyond the image on both sides at once: one tap is left.
  const TestLayer large{
      "c", "conv2d", {{"filters", "1"}, {"kernel", "5"}, {"padding", "2"}, {"stride", "2"}}};
  BOOST_TEST(operations({large}, 1) == 2 * 2 * 1);
  const TestLayer beside{
      "c", "conv2d", {{"filters", "1"}, {"kernel", "1"}, {"padding", "2"}, {"stride", "5"}}};
  BOOST_TEST(operations({beside}, 1) == 0);
}

BOOST_AUTO_TEST_CASE(parameters_are_counted_once_a_micro_batch) {
  const StepWorkload one = workloads(lenet5_network(), 1).front();
  const StepWorkload many = workloads(lenet5_network(), 32).front();
  BOOST_TEST(many.forward.operations == 32 * one.forward.operations);
  BOOST_TEST(many.forward.bytes == 32 * one.forward.bytes - 31 * 4 * 156);
}

BOOST_AUTO_TEST_CASE(an_image_of_lenet5_takes_563280_operations_and_1517040_in_training) {
  const SampleOperations operations = sample_operations(Graph(lenet5_network()));
  BOOST_TEST(operations.forward == 2 * 281640);
  BOOST_TEST(operations.training == 2 * (3 * 281640 - 86400));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
