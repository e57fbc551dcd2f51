#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/framework/layers/make_layer.hpp"

namespace lockstep {
namespace {

using namespace testing;

/// The formulas of a layer's rows and columns.
std::vector<std::string> formulas(const std::string& type, const SettingTexts& settings,
                                  const Shape& input) {
  std::vector<std::string> result;
  const std::vector<Shape> inputs{input};
  for (const ShapeArithmetic& line : make_layer(type, settings)->arithmetic(inputs)) {
    result.push_back(line.extent + " " + line.formula);
  }
  return result;
}

Shape output_of(const std::string& type, const SettingTexts& settings, const Shape& input) {
  return make_layer(type, settings)->output_shape(std::vector<Shape>{input});
}

std::string refusal(const std::string& type, const SettingTexts& settings, const Shape& input) {
  return usage_error([&] { output_of(type, settings, input); });
}

/// Convolution and pooling layers: shapes, their arithmetic, and what does not fit.
BOOST_AUTO_TEST_SUITE(windows)

BOOST_AUTO_TEST_CASE(the_arithmetic_of_lenets_first_convolution_is_written_out) {
  const std::vector<std::string> expected{"rows (28 + 2*0 - 5)/1 + 1 = 24",
                                          "columns (28 + 2*0 - 5)/1 + 1 = 24"};
  BOOST_TEST(formulas("conv2d", {{"filters", "6"}, {"kernel", "5"}}, Shape{1, 28, 28}) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_floor_is_shown_when_the_division_leaves_a_rest) {
  const std::vector<std::string> expected{"rows floor((28 + 2*0 - 5)/2) + 1 = 12",
                                          "columns (29 + 2*2 - 3)/3 + 1 = 11"};
  const SettingTexts settings{
      {"filters", "6"}, {"kernel", "[5, 3]"}, {"stride", "[2, 3]"}, {"padding", "[0, 2]"}};
  BOOST_TEST(formulas("conv2d", settings, Shape{1, 28, 29}) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(pooling_strides_as_wide_as_its_kernel_by_default) {
  for (const std::string type : {"avg_pool2d", "max_pool2d"}) {
    const Shape pooled = output_of(type, {{"kernel", "[2, 3]"}}, Shape{6, 24, 25});
    BOOST_TEST((pooled == Shape{6, 12, 8}));
    const std::vector<std::string> expected{"rows (24 + 2*0 - 2)/2 + 1 = 12",
                                            "columns floor((25 + 2*0 - 3)/3) + 1 = 8"};
    BOOST_TEST(formulas(type, {{"kernel", "[2, 3]"}}, Shape{6, 24, 25}) == expected,
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_convolution_makes_one_channel_a_filter) {
  const SettingTexts settings{{"filters", "16"}, {"kernel", "5"}, {"padding", "2"}};
  BOOST_TEST((output_of("conv2d", settings, Shape{6, 12, 9}) == Shape{16, 12, 9}));
}

BOOST_AUTO_TEST_CASE(multiply_adds_of_a_convolution_are_counted_without_borders) {
  const auto conv1 = make_layer("conv2d", {{"filters", "6"}, {"kernel", "5"}});
  BOOST_TEST(conv1->multiply_adds(std::vector{Shape{1, 28, 28}}) == 86'400);
  const auto conv2 = make_layer("conv2d", {{"filters", "16"}, {"kernel", "5"}});
  BOOST_TEST(conv2->multiply_adds(std::vector{Shape{6, 12, 12}}) == 153'600);
}

BOOST_AUTO_TEST_CASE(a_convolution_asks_for_he_normal_weights_and_zero_biases_with_their_fans) {
  const auto layer =
      make_layer("conv2d", {{"filters", "16"}, {"kernel", "[5, 3]"}, {"weight_scale", "0.01"}});
  const std::vector<ParameterSpec> specs = layer->parameters(std::vector{Shape{6, 12, 12}});
  BOOST_REQUIRE_EQUAL(specs.size(), 2U);
  BOOST_TEST(specs[0].name == "weight");
  BOOST_TEST((specs[0].shape == Shape{16, 6, 5, 3}));
  BOOST_TEST(specs[0].axis_order == "OIHW");
  BOOST_TEST(specs[0].fan_in == 90);
  BOOST_TEST(specs[0].fan_out == 240);
  BOOST_TEST((specs[0].initializer == Initializer{.kind = Initializer::Kind::he_normal}));
  BOOST_TEST(specs[0].scale == 0.01F);
  BOOST_TEST(specs[1].name == "bias");
  BOOST_TEST((specs[1].shape == Shape{16}));
  BOOST_TEST((specs[1].initializer == Initializer{}));
  BOOST_TEST(specs[1].scale == 1.0F);
}

BOOST_AUTO_TEST_CASE(a_kernel_that_does_not_fit_is_refused_with_the_arithmetic) {
  BOOST_TEST(refusal("conv2d", {{"filters", "6"}, {"kernel", "[7, 1]"}, {"padding", "[1, 0]"}},
                     Shape{1, 3, 9}) ==
             "the kernel of 7 rows does not fit the padded input of 5 rows (3 + 2*1 = 5); use a "
             "smaller kernel or more padding.");
  BOOST_TEST(refusal("max_pool2d", {{"kernel", "[1, 4]"}}, Shape{1, 3, 3}) ==
             "the kernel of 4 columns does not fit the padded input of 3 columns (3 + 2*0 = 3); "
             "use a smaller kernel or more padding.");
}

BOOST_AUTO_TEST_CASE(pooling_refuses_padding_beyond_half_the_kernel) {
  const std::string message =
      refusal("avg_pool2d", {{"kernel", "[4, 3]"}, {"padding", "2"}}, Shape{1, 9, 9});
  BOOST_TEST_INFO(message);
  BOOST_TEST(message.find("layers.tried.padding must be at most half the kernel of [4, 3], but is "
                          "[2, 2]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_flat_input_is_refused_with_the_advice_to_move_the_flatten_layer) {
  BOOST_TEST(refusal("conv2d", {{"filters", "6"}, {"kernel", "5"}}, Shape{400})
                 .find("expected an image of (channels, rows, columns)") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
