#include "framework/training/gradient_sync.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <vector>

#include "framework/core/parallel.hpp"
#include "framework/core/random.hpp"
#include "framework/training/thread_communicator.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kFloats = 37;  // not a multiple of anything

float leaf_value(Index leaf, std::size_t i) {
  const RandomStream stream(3, {"leaf"});
  const float unit = uniform_unit(
      stream.words(static_cast<std::uint32_t>(leaf), static_cast<std::uint32_t>(i))[0]);
  return (unit - 0.5F) * static_cast<float>(1 + leaf % 5 * 1000);
}

// The sum in float along the tree, the plain way.
float tree_sum(const LeafRange& node, std::size_t i) {
  if (node.size() == 1) return leaf_value(node.first, i);
  const Index middle = canonical_split(node);
  return tree_sum({node.first, middle}, i) + tree_sum({middle, node.last}, i);
}

void run_leaves(GradientSync& sync, const WorkerTeam& team) {
  std::atomic<Index> next = sync.owned().first;
  const auto work = [&](int) {
    for (Index leaf = next++; leaf < sync.owned().last; leaf = next++) {
      const int buffer = sync.reduction().acquire();
      for (std::size_t i = 0; i < kFloats; ++i)
        sync.reduction().buffer(buffer)[i] = leaf_value(leaf, i);
      sync.reduction().finish_leaf(leaf, buffer);
    }
  };
  team.run(work);
}

struct Layout {
  int ranks;
  int threads;
};

std::ostream& operator<<(std::ostream& out, const Layout& layout) {
  return out << layout.ranks << " ranks x " << layout.threads << " threads";
}

const std::vector<Layout> kLayouts = {{1, 1}, {1, 2}, {1, 3}, {1, 5}, {2, 1}, {2, 3}, {3, 1},
                                      {3, 2}, {4, 1}, {5, 1}, {5, 2}, {6, 1}, {8, 1}};

}  // namespace

BOOST_AUTO_TEST_SUITE(gradient_sync)

BOOST_DATA_TEST_CASE(the_total_is_the_tree_sum_on_any_number_of_ranks_and_threads, kLayouts) {
  const std::vector<Index> counts = {1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 70};
  ThreadGroup group(sample.ranks);
  std::mutex checking;  // Boost.Test's checks are not for several threads at once
  group.run([&](Communicator& communicator) {
    const WorkerTeam team(sample.threads);
    GradientSync sync(communicator, kFloats, counts, sample.threads);
    for (int repetition = 0; repetition < 3; ++repetition) {
      for (const Index leaves : counts) {
        sync.start(leaves);
        run_leaves(sync, team);
        const std::span<const float> total = sync.finish();
        const std::lock_guard lock(checking);
        BOOST_REQUIRE(total.size() == kFloats);
        for (std::size_t i = 0; i < kFloats; ++i) {
          BOOST_REQUIRE(std::bit_cast<std::uint32_t>(total[i]) ==
                        std::bit_cast<std::uint32_t>(tree_sum({0, leaves}, i)));
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(the_weightiest_request_of_any_rank_reaches_every_rank) {
  using enum TrainingRequest;
  struct Case {
    std::vector<TrainingRequest> asked;
    TrainingRequest heard;
  };
  // With two micro-batches on three ranks, one has none and can ask all the same.
  for (const Case& each :
       {Case{{none, none, none}, none}, Case{{none, none, checkpoint}, checkpoint},
        Case{{stop, none, checkpoint}, stop}, Case{{none, none, stop}, stop},
        Case{{checkpoint, stop, none}, stop}}) {
    ThreadGroup group(3);
    std::atomic<int> heard = 0;
    group.run([&](Communicator& communicator) {
      GradientSync sync(communicator, 4, {2}, 1);
      sync.start(2);
      std::vector<MicroBatchResult> results(2);
      const auto rank = static_cast<std::size_t>(communicator.rank());
      heard += sync.share_results(results, each.asked[rank]) == each.heard ? 1 : 0;
    });
    BOOST_TEST(heard == 3);
  }
}

BOOST_AUTO_TEST_CASE(results_of_all_micro_batches_reach_every_rank) {
  ThreadGroup group(3);
  std::mutex checking;
  group.run([&](Communicator& communicator) {
    GradientSync sync(communicator, 4, {7}, 1);
    sync.start(7);
    std::vector<MicroBatchResult> results(7);
    for (Index i = sync.owned().first; i < sync.owned().last; ++i) {
      results[static_cast<std::size_t>(i)] = {
          .loss = 0.5 * static_cast<double>(i), .correct = i, .samples = 9};
    }
    static_cast<void>(sync.share_results(results, TrainingRequest::none));
    const std::lock_guard lock(checking);
    for (Index i = 0; i < 7; ++i) {
      BOOST_TEST(results[static_cast<std::size_t>(i)].correct == i);
      BOOST_TEST(results[static_cast<std::size_t>(i)].loss == 0.5 * static_cast<double>(i));
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
