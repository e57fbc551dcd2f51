#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/framework/layers/make_layer.hpp"

namespace lockstep {
namespace {

using namespace testing;

BOOST_AUTO_TEST_SUITE(dense)

BOOST_AUTO_TEST_CASE(an_image_is_refused_with_the_advice_to_flatten_it) {
  const auto layer = make_layer("dense", {{"units", "10"}});
  const std::string message = usage_error([&] {
    layer->output_shape(std::vector{Shape{16, 4, 4}});
  });
  BOOST_TEST_INFO(message);
  BOOST_TEST(message.find("16x4x4") != std::string::npos);
  BOOST_TEST(message.find("put a flatten layer before this one") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_asks_for_weights_of_units_by_inputs_with_their_fans) {
  const auto layer = make_layer("dense", {{"units", "120"}, {"weight_scale", "0.01"}});
  const std::vector<Shape> inputs{Shape{256}};
  const std::vector<ParameterSpec> specs = layer->parameters(inputs);
  BOOST_REQUIRE_EQUAL(specs.size(), 2U);
  BOOST_TEST((specs[0].shape == Shape{120, 256}));
  BOOST_TEST(specs[0].axis_order == "OI");
  BOOST_TEST(specs[0].fan_in == 256);
  BOOST_TEST(specs[0].fan_out == 120);
  BOOST_TEST(specs[0].scale == 0.01F);
  BOOST_TEST((specs[1].shape == Shape{120}));
  BOOST_TEST(specs[1].axis_order == "O");
  BOOST_TEST(layer->multiply_adds(inputs) == 30'720);
}

BOOST_AUTO_TEST_CASE(without_bias_it_has_weights_only) {
  const auto layer = make_layer("dense", {{"units", "3"}, {"bias", "false"}});
  BOOST_TEST(layer->parameters(std::vector{Shape{2}}).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
