#include "framework/training/exchange/gradient_buckets.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

std::vector<GradientBucket> buckets_of(const GraphSpec& network, int ranks) {
  const Graph graph(network);
  const Plan plan(graph, 64, PlanPurpose::training);
  return gradient_buckets(plan, ParameterLayout(graph), ranks);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradient_buckets_of_a_plan)

BOOST_AUTO_TEST_CASE(of_lenet5_the_dense_layers_travel_first_and_then_the_convolutions) {
  const auto buckets = buckets_of(testing::lenet5_network(), 2);
  BOOST_REQUIRE(buckets.size() == 2U);
  const std::size_t convolutions = 5 * 5 * 6 + 6 + 5 * 5 * 6 * 16 + 16;
  BOOST_TEST(buckets[0].first == convolutions);
  BOOST_TEST(buckets[0].size == 256U * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10);
  BOOST_TEST(buckets[0].last_step == 2U);  // conv + pool, conv + pool, dense
  BOOST_TEST(buckets[1].first == 0U);
  BOOST_TEST(buckets[1].size == convolutions);
  BOOST_TEST(buckets[1].last_step == 0U);
}

BOOST_AUTO_TEST_CASE(a_rank_alone_has_one_bucket) {
  const auto buckets = buckets_of(testing::lenet5_network(), 1);
  BOOST_REQUIRE(buckets.size() == 1U);
  BOOST_TEST(buckets[0].first == 0U);
  BOOST_TEST(buckets[0].last_step == 0U);
}

BOOST_AUTO_TEST_CASE(two_buckets_cover_a_branching_network) {
  const Graph graph(testing::busy_network());
  const Plan plan(graph, 16, PlanPurpose::training);
  const ParameterLayout layout(graph);
  const auto buckets = gradient_buckets(plan, layout, 3);
  BOOST_REQUIRE(buckets.size() == 2U);
  BOOST_TEST(buckets[0].first == buckets[1].size);
  BOOST_TEST(buckets[0].first + buckets[0].size == layout.size());
  // Nothing in front of the first bucket's last step belongs to it.
  for (std::size_t i = 0; i < plan.steps().size(); ++i) {
    const std::size_t entry = layout.first_entry(plan.steps()[i].first_node);
    if (entry == layout.first_entry(plan.steps()[i].first_node + 1)) continue;
    BOOST_TEST((layout.entries()[entry].offset >= buckets[0].first) == (i >= buckets[0].last_step));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
