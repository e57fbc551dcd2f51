#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/framework/layers/layer_run.hpp"
#include "tests/framework/layers/make_layer.hpp"

namespace lockstep {
namespace {

using namespace testing;

/// The layers that join or rearrange: add, concat and flatten.
BOOST_AUTO_TEST_SUITE(joins)

BOOST_AUTO_TEST_CASE(sums_are_taken_from_left_to_right) {
  const auto layer = make_layer("add", {});
  LayerRun run(*layer, {Shape{1}, Shape{1}, Shape{1}}, {});
  run.inputs[0].fill(1e8F);
  run.inputs[1].fill(-1e8F);
  run.inputs[2].fill(1.0F);
  run.forward();
  BOOST_TEST(run.output.at(0, 0) == 1.0F);  // any other order would lose the 1
}

BOOST_AUTO_TEST_CASE(concatenated_images_keep_their_channels_in_the_order_of_the_inputs) {
  const auto layer = make_layer("concat", {});
  const std::vector<Shape> inputs{Shape{1, 2, 3}, Shape{2, 2, 3}};
  BOOST_TEST((layer->output_shape(inputs) == Shape{3, 2, 3}));
  BOOST_TEST(layer->arithmetic(inputs)[0].extent == "channels");
  BOOST_TEST(layer->arithmetic(inputs)[0].formula == "1 + 2 = 3");
  LayerRun run(*layer, inputs, {.output_layout = Layout::whole});
  run.inputs[0].fill(1.0F);
  run.inputs[1].fill(2.0F);
  run.forward();
  for (std::size_t f = 0; f < 18; ++f) BOOST_TEST(run.output.at(f, 5) == (f < 6 ? 1.0F : 2.0F));
}

BOOST_AUTO_TEST_CASE(unequal_shapes_are_refused_with_both_of_them) {
  const auto sum = make_layer("add", {});
  const std::string message = usage_error([&] {
    sum->output_shape(std::vector{Shape{7}, Shape{7}, Shape{8}});
  });
  BOOST_TEST_INFO(message);
  BOOST_TEST(message.find("input 1 is 7 and input 3 is 8") != std::string::npos);
  const auto join = make_layer("concat", {});
  const std::string other = usage_error([&] {
    join->output_shape(std::vector{Shape{3, 4, 5}, Shape{3, 4, 6}});
  });
  BOOST_TEST(other.find("input 1 is 3x4x5 and input 2 is 3x4x6") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(flattening_keeps_the_order_of_channels_rows_and_columns) {
  const auto layer = make_layer("flatten", {});
  const std::vector<Shape> inputs{Shape{2, 3, 4}};
  BOOST_TEST((layer->output_shape(inputs) == Shape{24}));
  BOOST_TEST(layer->arithmetic(inputs)[0].formula == "2*3*4 = 24");
  LayerRun run(*layer, inputs, {.blocks = 2, .output_layout = Layout::whole});
  run.inputs[0] = LaneTensor::random(24, 2, Layout::blocked, 1);
  run.forward();
  BOOST_TEST(first_difference(run.output.values(), run.inputs[0].values()) == kSame);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
