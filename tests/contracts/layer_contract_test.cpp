// What every layer must keep to in shapes, parameters and settings, tried on all examples of every
// registered layer. A new layer is covered at once.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "tests/contracts/sentence.hpp"
#include "tests/contracts/tried_layer.hpp"
#include "tests/framework/layers/make_layer.hpp"

namespace lockstep {
namespace {

using namespace testing;

bool has_nan(const std::vector<float>& values) {
  return std::any_of(values.begin(), values.end(), [](float value) { return std::isnan(value); });
}

BOOST_AUTO_TEST_SUITE(layer_contract)

BOOST_AUTO_TEST_CASE(every_layer_type_has_examples_and_uses_that_are_refused) {
  for (const LayerType& type : all_layer_types()) {
    BOOST_TEST_CONTEXT(type.name) {
      BOOST_TEST(!type.examples.empty());
      BOOST_TEST(!type.refused.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(output_shapes_are_positive_and_parameters_well_described) {
  for_each_example([](const Tried& tried) {
    const Shape output = tried.layer->output_shape(tried.example.inputs);
    BOOST_TEST(output.rank() >= 1U);
    for (const Index extent : output.extents()) BOOST_TEST(extent > 0);
    BOOST_TEST(tried.layer->multiply_adds(tried.example.inputs) >= 0);
    for (const ParameterSpec& spec : tried.layer->parameters(tried.example.inputs)) {
      BOOST_TEST(spec.axis_order.size() == spec.shape.rank());
      BOOST_TEST(spec.fan_in > 0);
      BOOST_TEST(spec.fan_out > 0);
      BOOST_TEST(spec.scale != 0.0F);
      BOOST_TEST(!spec.name.empty());
      BOOST_TEST((spec.role != ParameterRole::weight || spec.shape.rank() >= 2U),
                 spec.name << " is no weight: it sums nothing");
    }
  });
}

BOOST_AUTO_TEST_CASE(the_arithmetic_of_a_shape_ends_with_one_of_its_extents) {
  for_each_example([](const Tried& tried) {
    const Shape output = tried.layer->output_shape(tried.example.inputs);
    for (const ShapeArithmetic& line : tried.layer->arithmetic(tried.example.inputs)) {
      const std::string result = line.formula.substr(line.formula.rfind("= ") + 2);
      const auto extents = output.extents();
      BOOST_TEST_INFO(line.extent << ": " << line.formula);
      BOOST_TEST(std::any_of(extents.begin(), extents.end(),
                             [&](Index extent) { return std::to_string(extent) == result; }));
    }
  });
}

BOOST_AUTO_TEST_CASE(forward_and_backward_write_every_element) {
  for_each_example([](const Tried& tried) {
    const LayerRun run = finished(tried, {.blocks = 2});
    BOOST_TEST(!has_nan(run.output.values()));
    for (const LaneTensor& gradient : run.input_gradients) BOOST_TEST(!has_nan(gradient.values()));
    for (const auto& gradient : run.parameter_gradients) BOOST_TEST(!has_nan(gradient));
  });
}

BOOST_AUTO_TEST_CASE(uses_that_must_be_refused_give_a_usage_error_in_a_sentence) {
  const std::vector<LayerType> types = all_layer_types();
  for (const LayerType& type : types) {
    for (const LayerExample& example : type.refused) {
      BOOST_TEST_CONTEXT(describe(type, example)) {
        check_sentence(usage_error([&] {
          make_layer(type, parse_settings(example.settings))->output_shape(example.inputs);
        }));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(unknown_settings_are_refused_by_name) {
  for_each_example([](const Tried& tried) {
    Value settings = tried.settings;
    settings.set("no_such_setting", Value::integer(1));
    const std::string message = usage_error([&] { make_layer(tried.type, settings); });
    check_sentence(message);
    BOOST_TEST(message.find("no_such_setting") != std::string::npos);
  });
}

BOOST_AUTO_TEST_CASE(settings_of_a_wrong_type_are_refused_by_name) {
  for_each_example([](const Tried& tried) {
    for (const auto& [key, text] : tried.example.settings) {
      Value settings = tried.settings;
      settings.set(key, Value::mapping());
      const std::string message = usage_error([&] { make_layer(tried.type, settings); });
      check_sentence(message);
      BOOST_TEST(message.find(key) != std::string::npos);
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
