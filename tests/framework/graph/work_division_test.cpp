#include "framework/graph/work_division.hpp"

#include <boost/test/unit_test.hpp>

#include "framework/graph/graph.hpp"
#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

struct Divided {
  explicit Divided(const GraphSpec& spec, Index micro_batch)
      : graph(spec), plan(graph, micro_batch, PlanPurpose::training), division(plan) {}

  Graph graph;
  Plan plan;
  WorkDivision division;
};

// Every step of the plan once, in order.
void check_covers(const std::vector<WorkDivision::Stage>& stages, std::size_t steps) {
  std::size_t next = 0;
  for (const WorkDivision::Stage& stage : stages) {
    BOOST_TEST(stage.first == next);
    BOOST_TEST(stage.last > stage.first);
    if (stage.divided) BOOST_TEST(stage.last == stage.first + 1);
    next = stage.last;
  }
  BOOST_TEST(next == steps);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(work_division)

BOOST_AUTO_TEST_CASE(stages_cover_each_step_once_and_only_the_large_ones_are_divided) {
  const Divided lenet(testing::lenet5_network(), 16);
  check_covers(lenet.division.forward(), lenet.plan.steps().size());
  check_covers(lenet.division.backward(), lenet.plan.steps().size());
  BOOST_TEST(lenet.division.forward().front().divided);  // the first convolution
  BOOST_TEST(!lenet.division.forward().back().divided);  // 84 -> 10
  BOOST_TEST(!lenet.division.backward().back().divided);
}

BOOST_AUTO_TEST_CASE(micro_batches_for_all_threads_are_done_whole) {
  const Divided lenet(testing::lenet5_network(), 32);
  for (const int threads : {1, 2, 4}) {
    const auto assignment = lenet.division.assign(4, threads);
    BOOST_TEST(assignment.whole == 4U);
    BOOST_TEST(lenet.division.useful_threads(4, threads) == threads);
  }
}

BOOST_AUTO_TEST_CASE(those_left_over_are_divided_so_that_all_threads_are_equally_busy) {
  const Divided lenet(testing::lenet5_network(), 64);
  const auto alone = lenet.division.assign(1, 2);
  BOOST_TEST(alone.whole == 0U);
  BOOST_TEST(alone.shares == 2U);
  const auto fifth = lenet.division.assign(5, 2);
  BOOST_TEST(fifth.whole == 4U);
  BOOST_TEST(fifth.shares == 2U);
  const auto two_for_three = lenet.division.assign(2, 3);
  BOOST_TEST(two_for_three.whole == 0U);
  BOOST_TEST(two_for_three.shares == 3U);
}

BOOST_AUTO_TEST_CASE(too_many_threads_for_the_work_are_found_out) {
  const Divided lenet(testing::lenet5_network(), 16);
  const int useful = lenet.division.useful_threads(1, 64);
  BOOST_TEST(useful > 1);
  BOOST_TEST(useful < 64);
  BOOST_TEST(lenet.division.useful_threads(1, useful) <= useful);
  // A network too small to divide anything: one thread per micro-batch.
  const Divided small(testing::busy_network(), 16);
  BOOST_TEST(small.division.useful_threads(3, 8) == 3);
  BOOST_TEST(small.division.assign(3, 8).whole == 3U);
  BOOST_TEST(small.division.useful_threads(0, 8) == 1);
  BOOST_TEST(small.division.assign(0, 8).whole == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
