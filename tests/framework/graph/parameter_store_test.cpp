#include "framework/graph/parameter_store.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

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

BOOST_AUTO_TEST_CASE(biases_start_at_zero) {
  const Graph graph(testing::lenet5_network());
  const ParameterStore store(graph, 1);
  BOOST_TEST(std::ranges::all_of(store.tensor(1), [](float value) { return value == 0.0F; }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
