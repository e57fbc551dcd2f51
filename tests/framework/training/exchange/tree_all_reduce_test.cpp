#include "framework/training/exchange/tree_all_reduce.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "framework/training/exchange/thread_communicator.hpp"

namespace lockstep {
namespace {

using enum AllReduceMethod;

// Small whole numbers: every order of adding them is exact.
float reduced_leaf_value(Index leaf, std::size_t i) {
  return static_cast<float>(leaf + 1) * static_cast<float>(i + 1);
}

constexpr std::size_t kReducedFloats = 11;

// What one rank has in the end; its report is its rank.
bool has_all(Communicator& communicator, Index leaves, AllReduceMethod method) {
  const int ranks = communicator.size();
  const AllReducePlan plan = make_all_reduce_plan(
      {.leaves = leaves, .ranks = ranks, .floats = kReducedFloats, .with_reports = true}, method,
      communicator.rank());
  std::vector<std::vector<float>> sums;
  for (const LeafRange& node :
       complete_subtrees(leaves, owned_leaves(leaves, communicator.rank(), ranks))) {
    sums.emplace_back(kReducedFloats);
    for (Index leaf = node.first; leaf < node.last; ++leaf) {
      for (std::size_t i = 0; i < kReducedFloats; ++i)
        sums.back()[i] += reduced_leaf_value(leaf, i);
    }
  }
  const std::vector<std::span<const float>> subtrees(sums.begin(), sums.end());
  std::vector<float> total(kReducedFloats, -1.0F);
  std::vector<int> reports(static_cast<std::size_t>(ranks), -1);
  std::vector<MessagePart> parts;
  for (std::size_t r = 0; r < reports.size(); ++r) parts.push_back({r * sizeof(int), sizeof(int)});
  reports[static_cast<std::size_t>(communicator.rank())] = communicator.rank();
  TreeAllReduce all_reduce(communicator.make_exchange(0));
  all_reduce.start(plan, {.subtrees = subtrees,
                          .total = total,
                          .reports = std::as_writable_bytes(std::span(reports)),
                          .report_parts = parts});
  while (!all_reduce.progress()) std::this_thread::yield();
  bool all = true;
  for (std::size_t i = 0; i < kReducedFloats; ++i)
    all = all && total[i] == reduced_leaf_value(leaves * (leaves + 1) / 2 - 1, i);
  for (int r = 0; r < ranks; ++r) all = all && reports[static_cast<std::size_t>(r)] == r;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tree_all_reduce)

BOOST_DATA_TEST_CASE(every_method_brings_the_total_and_all_reports_to_every_rank,
                     boost::unit_test::data::make({2, 3, 4, 8}) *
                         boost::unit_test::data::make({1, 2, 4, 7, 8, 13}),
                     ranks, leaves) {
  for (const AllReduceMethod method : {recursive_doubling, slices, partials}) {
    if (method == recursive_doubling && !is_aligned(leaves, ranks)) continue;
    ThreadGroup group(ranks);
    std::atomic<int> complete = 0;
    group.run([&](Communicator& communicator) {
      complete += has_all(communicator, leaves, method) ? 1 : 0;
    });
    BOOST_TEST(complete == ranks);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
