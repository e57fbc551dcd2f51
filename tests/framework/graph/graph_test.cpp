#include "framework/graph/graph.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "framework/core/error.hpp"
#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

using testing::model_value;
using testing::TestLayer;

// Whether the error is the user's and its sentence holds all the words.
void check_refused(const Value& model, const std::vector<std::string>& words) {
  try {
    const Graph graph(parse_graph_spec(model));
    BOOST_FAIL("accepted, but should be refused");
  } catch (const Error& error) {
    BOOST_CHECK(error.kind() == ErrorKind::usage);
    for (const std::string& word : words) {
      BOOST_TEST(std::string(error.what()).find(word) != std::string::npos,
                 "'" << word << "' is not in: " << error.what());
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(graph)

BOOST_AUTO_TEST_CASE(lenet5_has_the_shapes_and_counts_worked_out_on_paper) {
  const Graph graph(testing::lenet5_network());
  std::vector<std::string> shapes;
  for (const GraphNode& node : graph.nodes()) shapes.push_back(node.output_shape.to_string());
  const std::vector<std::string> expected = {"6x24x24", "6x24x24", "6x12x12", "16x8x8",
                                             "16x8x8",  "16x4x4",  "256",     "120",
                                             "120",     "84",      "84",      "10"};
  BOOST_TEST(shapes == expected, boost::test_tools::per_element());
  // 156 + 2,416 + 30,840 + 10,164 + 850
  BOOST_TEST(graph.parameter_count() == 44426);
  BOOST_TEST(graph.multiply_adds() == 281640);
}

BOOST_AUTO_TEST_CASE(branches_read_the_layers_they_name) {
  const Graph graph(testing::busy_network());
  const GraphNode& joined = graph.nodes()[5];
  BOOST_TEST(joined.name == "joined");
  BOOST_TEST(joined.inputs == (std::vector<std::size_t>{4, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_kernel_that_does_not_fit_is_refused_with_layer_and_sizes) {
  check_refused(model_value({1, 4, 4}, {{"c1", "conv2d", {{"filters", "2"}, {"kernel", "5"}}}}),
                {"c1", "conv2d", "5", "4"});
}

BOOST_AUTO_TEST_CASE(dense_on_an_unflattened_input_says_to_flatten) {
  check_refused(model_value({1, 4, 4}, {{"f1", "dense", {{"units", "3"}}}}), {"f1", "flatten"});
}

BOOST_AUTO_TEST_CASE(sizes_beyond_2_to_the_48_are_refused_with_the_layer) {
  const std::vector<std::int64_t> image = {65536, 65536, 1};  // 2^32
  const TestLayer flat{"flat", "flatten"};
  check_refused(model_value(image, {flat, {"huge", "dense", {{"units", "16777216"}}}}),
                {"layer 'huge' (dense)", "16777216 * 4294967296", "2^48"});
  // 2^16 filters of 2^16 inputs on 2^32 positions: weights (2^32) and outputs (2^48) do fit.
  const std::vector<std::int64_t> channels = {65536, 65536, 65536};
  check_refused(
      model_value(channels, {{"huge", "conv2d", {{"filters", "65536"}, {"kernel", "1"}}}}),
      {"layer 'huge' (conv2d)", "281474976710656 * 65536", "2^48"});
  check_refused(model_value(channels, {{"twice", "concat", {}, {"input", "input"}}}),
                {"layer 'twice' (concat)", "131072 * 65536 * 65536", "2^48"});
}

BOOST_AUTO_TEST_CASE(sizes_of_2_to_the_48_are_counted) {
  const Graph graph(parse_graph_spec(
      model_value({65536, 65536, 1},
                  {{"flat", "flatten"}, {"d", "dense", {{"units", "65536"}, {"bias", "false"}}}})));
  BOOST_TEST(graph.parameter_count() == Index{1} << 48);
  BOOST_TEST(graph.multiply_adds() == Index{1} << 48);
}

BOOST_AUTO_TEST_CASE(an_unknown_type_lists_the_nearest) {
  check_refused(model_value({1, 4, 4}, {{"c1", "conv2", {{"filters", "2"}, {"kernel", "3"}}}}),
                {"conv2", "conv2d"});
}

BOOST_AUTO_TEST_CASE(an_unknown_setting_lists_the_nearest) {
  check_refused(model_value({1, 4, 4}, {{"c1", "conv2d", {{"filter", "2"}, {"kernel", "3"}}}}),
                {"filter", "filters"});
  check_refused(model_value({4}, {{"d", "dense", {{"units", "2"}, {"weight_scales", "2"}}}}),
                {"weight_scales", "weight_scale"});
}

BOOST_AUTO_TEST_CASE(a_name_may_stand_once) {
  check_refused(model_value({4}, {{"a", "relu"}, {"a", "tanh"}}), {"'a'", "taken"});
}

BOOST_AUTO_TEST_CASE(input_is_no_name_for_a_layer) {
  check_refused(model_value({4}, {{"input", "relu"}}), {"input"});
}

BOOST_AUTO_TEST_CASE(an_input_below_is_refused) {
  check_refused(model_value({4}, {{"a", "add", {}, {"input", "b"}}, {"b", "relu"}}),
                {"a", "'b'", "above"});
}

BOOST_AUTO_TEST_CASE(an_output_that_nobody_reads_is_refused) {
  check_refused(model_value({4}, {{"lost", "relu"}, {"b", "tanh", {}, {"input"}}}),
                {"lost", "never used"});
}

BOOST_AUTO_TEST_CASE(joined_shapes_must_agree) {
  check_refused(model_value({4}, {{"a", "dense", {{"units", "3"}}},
                                  {"b", "dense", {{"units", "2"}}, {"input"}},
                                  {"c", "add", {}, {"a", "b"}}}),
                {"c", "3", "2"});
}

BOOST_AUTO_TEST_CASE(an_initialiser_replaces_the_layers_own) {
  Value model = model_value({4}, {{"a", "dense", {{"units", "3"}}}});
  Value settings = Value::mapping();
  settings.set("type", Value::string("constant"));
  settings.set("value", Value::real(0.25));
  Value init = Value::mapping();
  init.set("weight", std::move(settings));
  model.find("layers")->items[0].set("init", std::move(init));
  const Graph graph(parse_graph_spec(model));
  BOOST_CHECK(graph.nodes()[0].parameters[0].initializer.kind == Initializer::Kind::constant);
  BOOST_TEST(graph.nodes()[0].parameters[0].initializer.value == 0.25);
}

BOOST_AUTO_TEST_CASE(an_initialiser_for_a_tensor_that_is_not_there_is_refused) {
  Value model = model_value({4}, {{"a", "dense", {{"units", "3"}, {"bias", "false"}}}});
  Value settings = Value::mapping();
  settings.set("type", Value::string("constant"));
  Value init = Value::mapping();
  init.set("bias", std::move(settings));
  model.find("layers")->items[0].set("init", std::move(init));
  check_refused(model, {"layers.a.init.bias", "weight"});
}

BOOST_AUTO_TEST_CASE(a_graph_written_out_has_all_defaults_and_reads_back_as_itself) {
  const Value model = to_value(Graph(testing::busy_network()));
  BOOST_TEST((to_value(Graph(parse_graph_spec(model))) == model));
  const Value small = to_value(Graph(parse_graph_spec(
      model_value({1, 4, 4}, {{"c1", "conv2d", {{"filters", "2"}, {"kernel", "3"}}}}))));
  const Value& layer = small.find("layers")->items[0];
  std::string keys;
  for (const Value::Entry& entry : layer.entries) keys += entry.key + " ";
  BOOST_TEST(keys == "name type filters kernel stride padding bias weight_scale init ");
  BOOST_TEST(layer.find("stride")->text == "1");
  BOOST_TEST(layer.find("init")->find("weight")->find("type")->text == "he_normal");
  BOOST_TEST(layer.find("init")->find("bias")->find("value")->text == "0");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
