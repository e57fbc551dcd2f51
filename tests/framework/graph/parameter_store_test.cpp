#include "framework/graph/parameter_store.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "framework/core/initializer.hpp"
#include "tests/support/networks.hpp"

namespace lockstep {

BOOST_AUTO_TEST_SUITE(parameter_store)

BOOST_AUTO_TEST_CASE(tensors_lie_one_after_the_other_in_layer_order) {
  const Graph graph(testing::lenet5_network());
  const ParameterLayout layout(graph);
  std::vector<std::string> names;
  std::size_t next = 0;
  for (const ParameterEntry& entry : layout.entries()) {
    names.push_back(entry.layer + "." + entry.name);
    BOOST_TEST(entry.offset == next);
    next += entry.size;
  }
  const std::vector<std::string> expected = {"c1.weight",     "c1.bias",    "c3.weight", "c3.bias",
                                             "f5.weight",     "f5.bias",    "f6.weight", "f6.bias",
                                             "output.weight", "output.bias"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
  BOOST_TEST(layout.size() == 44426U);
  BOOST_TEST(next == 44426U);
}

BOOST_AUTO_TEST_CASE(the_weights_of_a_node_are_found_by_their_role) {
  const Graph graph(testing::lenet5_network());
  const ParameterLayout layout(graph);
  BOOST_TEST((layout.entries()[0].role == ParameterRole::weight));
  BOOST_TEST((layout.entries()[1].role == ParameterRole::bias));
  BOOST_TEST((layout.weight_entry(0) == std::optional<std::size_t>(0)));
  BOOST_TEST(!layout.weight_entry(1));                                    // relu1
  BOOST_TEST((layout.weight_entry(3) == std::optional<std::size_t>(2)));  // c3
}

BOOST_AUTO_TEST_CASE(initial_values_depend_on_seed_and_name_alone) {
  const Graph graph(testing::lenet5_network());
  BOOST_TEST(ParameterStore(graph, 1).digest().hex() == ParameterStore(graph, 1).digest().hex());
  BOOST_TEST(ParameterStore(graph, 1).digest().hex() != ParameterStore(graph, 2).digest().hex());

  // A network with one more layer in front has the same values in the layers of the same names.
  const Graph one(parse_graph_spec(testing::model_value({4}, {{"b", "dense", {{"units", "4"}}}})));
  const Graph two(parse_graph_spec(testing::model_value(
      {4}, {{"a", "dense", {{"units", "4"}}}, {"b", "dense", {{"units", "4"}}}})));
  const ParameterStore short_store(one, 9);
  const ParameterStore long_store(two, 9);
  BOOST_TEST(std::ranges::equal(short_store.tensor(0), long_store.tensor(2)));
  BOOST_TEST(!std::ranges::equal(long_store.tensor(0), long_store.tensor(2)));
}

BOOST_AUTO_TEST_CASE(initial_values_are_drawn_by_seed_layer_tensor_and_fans) {
  Value model =
      testing::model_value({2, 6, 6}, {{"c", "conv2d", {{"filters", "5"}, {"kernel", "3"}}}});
  const auto drawn = [](const char* type) {
    Value initializer = Value::mapping();
    initializer.set("type", Value::string(type));
    return initializer;
  };
  Value init = Value::mapping();
  init.set("weight", drawn("glorot_normal"));
  init.set("bias", drawn("lecun_normal"));
  model.find("layers")->items[0].set("init", std::move(init));
  const ParameterStore store(Graph(parse_graph_spec(model)), 42);

  // 2 channels and 5 filters of 3x3: 18 inputs reach an output, 45 outputs are reached by an input.
  const auto expected = [](Initializer::Kind kind, const char* tensor, std::size_t size) {
    std::vector<float> values(size);
    initialize({.kind = kind},
               {.seed = 42, .layer = "c", .tensor = tensor, .fan_in = 18, .fan_out = 45}, values);
    return values;
  };
  BOOST_TEST(std::ranges::equal(store.tensor(0),
                                expected(Initializer::Kind::glorot_normal, "weight", 90)));
  BOOST_TEST(
      std::ranges::equal(store.tensor(1), expected(Initializer::Kind::lecun_normal, "bias", 5)));
}

BOOST_AUTO_TEST_CASE(biases_start_at_zero) {
  const Graph graph(testing::lenet5_network());
  const ParameterStore store(graph, 1);
  BOOST_TEST(std::ranges::all_of(store.tensor(1), [](float value) { return value == 0.0F; }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
