#include "framework/training/diagnosis/gradient_check.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <numeric>

#include "framework/graph/parameter_store.hpp"
#include "tests/support/losses.hpp"
#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

std::vector<GradientCheck> check(const Graph& graph, const Dataset& data) {
  const ParameterStore parameters(graph, 3);
  std::vector<Index> samples(24);
  std::iota(samples.begin(), samples.end(), 7);
  return check_gradients(graph, {.parameters = parameters.values(),
                                 .dataset = data,
                                 .samples = samples,
                                 .loss = testing::smoothed_cross_entropy()});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradient_check)

BOOST_AUTO_TEST_CASE(gradients_of_every_tensor_are_slopes_of_the_loss) {
  const Graph graph(testing::busy_network());
  const std::vector<GradientCheck> checks = check(graph, testing::TestDataset(100, {2, 8, 7}, 5));
  BOOST_REQUIRE(checks.size() == 10);
  for (const GradientCheck& found : checks) {
    BOOST_TEST(found.norm > 0.01, found.layer << '.' << found.tensor);
    // Central differences in float32, with kinks of rectifiers and of maximum pooling.
    BOOST_TEST(found.error() < 0.02, found.layer << '.' << found.tensor << ' ' << found.error());
    BOOST_TEST(found.slope != found.norm, found.layer << '.' << found.tensor);  // it was measured
  }
  BOOST_TEST(checks[0].layer == "c1");
  BOOST_TEST(checks[0].tensor == "weight");
}

BOOST_AUTO_TEST_CASE(a_gradient_too_small_to_be_seen_is_no_error) {
  const Graph graph(parse_graph_spec(
      testing::model_value({1, 2, 3}, {{"flat", "flatten"},
                                       {"f1", "dense", {{"units", "4"}, {"weight_scale", "1e-9"}}},
                                       {"f2", "dense", {{"units", "3"}}}})));
  const std::vector<GradientCheck> checks = check(graph, testing::TestDataset(100, {1, 2, 3}, 3));
  BOOST_TEST(checks[0].norm < 1e-6);
  BOOST_TEST(checks[0].error() == 0);
}

BOOST_AUTO_TEST_CASE(a_slope_that_differs_is_an_error_in_parts_of_the_norm) {
  const GradientCheck wrong{.layer = "f", .tensor = "weight", .norm = 2, .slope = 1};
  BOOST_TEST(wrong.error() == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
