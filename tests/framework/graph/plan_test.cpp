#include "framework/graph/plan.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

#include "framework/graph/memory_reuse.hpp"
#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

using testing::model_value;
using testing::TestLayer;

constexpr std::size_t kMicroBatch = 16;

std::size_t workspace_of(const std::vector<std::int64_t>& input,
                         const std::vector<TestLayer>& layers, PlanPurpose purpose) {
  const Graph graph(parse_graph_spec(model_value(input, layers)));
  return Plan(graph, kMicroBatch, purpose).workspace_size();
}

bool overlap(const PlannedView& left, const PlannedView& right) {
  return left.offset < right.offset + right.features * kMicroBatch &&
         right.offset < left.offset + left.features * kMicroBatch;
}

TestLayer dense(const std::string& name, const std::string& units,
                const std::vector<std::string>& inputs = {}) {
  return {name, "dense", {{"units", units}}, inputs};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plan)

BOOST_AUTO_TEST_CASE(inference_along_a_chain_takes_the_memory_of_the_two_largest_neighbours) {
  const std::vector<TestLayer> chain = {dense("a", "20"), dense("b", "30"), dense("c", "50"),
                                        dense("d", "40"), dense("e", "10"), dense("f", "30"),
                                        dense("g", "5")};
  BOOST_TEST(workspace_of({10}, chain, PlanPurpose::inference) == (50 + 40) * kMicroBatch);
  BOOST_TEST(workspace_of({10}, chain, PlanPurpose::inspection) ==
             (10 + 20 + 30 + 50 + 40 + 10 + 30 + 5) * kMicroBatch);
}

BOOST_AUTO_TEST_CASE(a_branch_keeps_what_is_still_to_be_read) {
  // `first` is read again at the end, over the heads of `wide` and `narrow`.
  const Graph graph(parse_graph_spec(model_value({4}, {dense("first", "6"),
                                                       dense("wide", "32"),
                                                       dense("narrow", "6"),
                                                       {"sum", "add", {}, {"first", "narrow"}},
                                                       {"all", "concat", {}, {"sum", "input"}},
                                                       dense("last", "3")})));
  const Plan plan(graph, kMicroBatch, PlanPurpose::inference);
  const auto& steps = plan.steps();
  const PlannedView& first = steps[0].output;
  for (const PlannedView* later : {&steps[1].output, &steps[2].output, &steps[3].output}) {
    BOOST_TEST(!overlap(first, *later));
    BOOST_TEST(!overlap(plan.input(), *later));
  }
  BOOST_TEST(!overlap(steps[1].output, steps[2].output));
  BOOST_TEST(plan.workspace_size() == (4 + 6 + 32 + 6) * kMicroBatch);
}

BOOST_AUTO_TEST_CASE(a_value_seen_in_another_shape_is_kept_for_the_readers_of_both) {
  const Graph graph(
      parse_graph_spec(model_value({2, 2, 2}, {{"c", "conv2d", {{"filters", "2"}, {"kernel", "1"}}},
                                               {"flat", "flatten"},
                                               dense("wide", "40", {"flat"}),
                                               dense("narrow", "8"),
                                               {"sum", "add", {}, {"flat", "narrow"}}})));
  const Plan plan(graph, kMicroBatch, PlanPurpose::inference);
  const auto& steps = plan.steps();
  BOOST_REQUIRE_EQUAL(steps.size(), 4);
  BOOST_TEST(steps[1].inputs[0].offset == steps[0].output.offset);
  BOOST_TEST(!overlap(steps[0].output, steps[1].output));
  BOOST_TEST(!overlap(steps[0].output, steps[2].output));
  BOOST_TEST(!overlap(steps[0].output, steps[3].output));
}

BOOST_AUTO_TEST_CASE(stretches_in_use_together_lie_apart_and_fill_gaps) {
  std::vector<LiveStretch> stretches = {{.floats = 10, .first_step = 0, .last_step = 4},
                                        {.floats = 30, .first_step = 0, .last_step = 1},
                                        {.floats = 20, .first_step = 1, .last_step = 4},
                                        {.floats = 15, .first_step = 2, .last_step = 3},
                                        {.floats = 15, .first_step = 2, .last_step = 2}};
  BOOST_TEST(place_stretches(stretches) == 60);
  BOOST_TEST(stretches[1].offset == 0);   // the largest
  BOOST_TEST(stretches[2].offset == 30);  // behind it, at step 1
  BOOST_TEST(stretches[3].offset == 0);   // where the largest was
  BOOST_TEST(stretches[4].offset == 15);  // beside it
  BOOST_TEST(stretches[0].offset == 50);  // the only one left
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
