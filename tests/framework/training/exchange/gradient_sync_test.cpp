#include "framework/training/exchange/gradient_sync.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "framework/core/error.hpp"
#include "framework/core/parallel.hpp"
#include "framework/core/random.hpp"
#include "framework/training/exchange/thread_communicator.hpp"

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

// Hands the buckets in one after the other, as backward does.
void run_leaves(GradientSync& sync, const WorkerTeam& team) {
  std::atomic<Index> next = sync.owned().first;
  const auto work = [&](int) {
    for (Index leaf = next++; leaf < sync.owned().last; leaf = next++) {
      for (std::size_t b = 0; b < sync.buckets().size(); ++b) {
        const int buffer = sync.acquire(b);
        const std::span<float> floats = sync.buffer(b, buffer);
        for (std::size_t i = 0; i < floats.size(); ++i) {
          floats[i] = leaf_value(leaf, sync.buckets()[b].first + i);
        }
        sync.finish_leaf(b, leaf, buffer);
        sync.progress();
      }
    }
  };
  team.run(work);
}

const std::vector<GradientBucket> kWhole = {{.first = 0, .size = kFloats}};
// The first bucket to be complete lies at the end, like that of the last layers.
const std::vector<GradientBucket> kInTwo = {{.first = 8, .size = kFloats - 8},
                                            {.first = 0, .size = 8}};

struct Layout {
  int ranks;
  int threads;
};

std::ostream& operator<<(std::ostream& out, const Layout& layout) {
  return out << layout.ranks << " ranks x " << layout.threads << " threads";
}

const std::vector<Layout> kLayouts = {{1, 1}, {1, 2}, {1, 3}, {1, 5}, {2, 1}, {2, 3}, {3, 1},
                                      {3, 2}, {4, 1}, {5, 1}, {5, 2}, {6, 1}, {8, 1}};

// The errors of as many ranks, each with its own report: true if finish() threw that error.
bool fails(const std::vector<StepReport>& reports, ErrorKind kind, const std::string& words) {
  ThreadGroup group(static_cast<int>(reports.size()));
  std::atomic<int> heard = 0;
  group.run([&](Communicator& communicator) {
    GradientSync sync(communicator, kWhole, {2}, 1);
    std::vector<MicroBatchResult> results(2);
    sync.start(2);
    run_leaves(sync, WorkerTeam(1));
    try {
      sync.finish(reports[static_cast<std::size_t>(communicator.rank())], results);
    } catch (const CollectiveError& error) {
      const bool matches =
          error.kind() == kind && std::string(error.what()).find(words) != std::string::npos;
      heard += matches ? 1 : 0;
    }
  });
  return heard == static_cast<int>(reports.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradient_sync)

BOOST_DATA_TEST_CASE(the_total_is_the_tree_sum_on_any_number_of_ranks_and_threads, kLayouts) {
  const std::vector<Index> counts = {1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 70};
  std::mutex checking;  // Boost.Test's checks are not for several threads at once
  for (const auto& buckets : {kWhole, kInTwo}) {
    if (sample.ranks == 1 && buckets.size() > 1) continue;
    ThreadGroup group(sample.ranks);
    group.run([&](Communicator& communicator) {
      const WorkerTeam team(sample.threads);
      GradientSync sync(communicator, buckets, counts, sample.threads);
      std::vector<MicroBatchResult> results(70);
      for (int repetition = 0; repetition < 3; ++repetition) {
        for (const Index leaves : counts) {
          sync.start(leaves);
          run_leaves(sync, team);
          const std::span<const float> total = sync.finish({}, results).sum;
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
}

BOOST_AUTO_TEST_CASE(the_weightiest_request_of_any_rank_reaches_every_rank) {
  using enum TrainingRequest;
  struct Case {
    std::vector<TrainingRequest> asked;
    TrainingRequest heard;
  };
  // With two micro-batches on three ranks, one rank has none. It can make a request nevertheless.
  for (const Case& each :
       {Case{{none, none, none}, none}, Case{{none, none, checkpoint}, checkpoint},
        Case{{stop, none, checkpoint}, stop}, Case{{none, none, stop}, stop},
        Case{{checkpoint, stop, none}, stop}}) {
    ThreadGroup group(3);
    std::atomic<int> heard = 0;
    group.run([&](Communicator& communicator) {
      GradientSync sync(communicator, kWhole, {2}, 1);
      sync.start(2);
      run_leaves(sync, WorkerTeam(1));
      std::vector<MicroBatchResult> results(2);
      const auto rank = static_cast<std::size_t>(communicator.rank());
      heard += sync.finish({.request = each.asked[rank]}, results).request == each.heard ? 1 : 0;
    });
    BOOST_TEST(heard == 3);
  }
}

BOOST_DATA_TEST_CASE(results_of_all_micro_batches_reach_every_rank,
                     boost::unit_test::data::make({2, 3, 4, 8}) *
                         boost::unit_test::data::make({1, 7, 8}),
                     ranks, leaves) {
  ThreadGroup group(ranks);
  std::mutex checking;
  group.run([&](Communicator& communicator) {
    GradientSync sync(communicator, kInTwo, {leaves}, 1);
    sync.start(leaves);
    run_leaves(sync, WorkerTeam(1));
    std::vector<MicroBatchResult> results(static_cast<std::size_t>(leaves));
    for (Index i = sync.owned().first; i < sync.owned().last; ++i) {
      results[static_cast<std::size_t>(i)] = {
          .loss = 0.5 * static_cast<double>(i), .correct = i, .samples = 9};
    }
    sync.finish({}, results);
    const std::lock_guard lock(checking);
    for (Index i = 0; i < leaves; ++i) {
      BOOST_TEST(results[static_cast<std::size_t>(i)].correct == i);
      BOOST_TEST(results[static_cast<std::size_t>(i)].loss == 0.5 * static_cast<double>(i));
    }
  });
}

BOOST_AUTO_TEST_CASE(every_rank_hears_of_one_at_another_step) {
  BOOST_TEST(fails({{.step = 4}, {.step = 4}, {.step = 5}}, ErrorKind::peer,
                   "Rank 2 is at step 5, but rank 0 at step 4"));
}

BOOST_AUTO_TEST_CASE(every_rank_hears_of_one_with_other_weights) {
  const Digest good{.high = 1, .low = 2};
  const Digest bad{.high = 1, .low = 3};
  BOOST_TEST(fails({{.step = 9, .weights = good}, {.step = 9, .weights = bad}}, ErrorKind::numeric,
                   "After step 8 the weights of rank 1 have the digest"));
  BOOST_TEST(
      !fails({{.step = 9, .weights = good}, {.step = 9, .weights = good}}, ErrorKind::numeric, ""));
}

BOOST_AUTO_TEST_CASE(a_buckets_total_can_arrive_before_the_next_is_handed_in) {
  ThreadGroup group(2);
  std::atomic<int> early = 0;
  group.run([&](Communicator& communicator) {
    GradientSync sync(communicator, kInTwo, {2}, 1);
    std::vector<MicroBatchResult> results(2);
    const auto hand_in = [&](std::size_t bucket, float value) {
      const int buffer = sync.acquire(bucket);
      std::ranges::fill(sync.buffer(bucket, buffer), value);
      sync.finish_leaf(bucket, sync.owned().first, buffer);
    };
    sync.start(2);
    hand_in(0, 1);
    hand_in(1, 1);
    const std::span<const float> sum = sync.finish({}, results).sum;
    sync.start(2);
    hand_in(0, 5);
    // The other rank must not need anything of this one but its calls of progress.
    for (int turn = 0; turn < 1000; ++turn) {
      sync.progress();
      communicator.barrier();
    }
    const bool is_there = sum[8] == 10.0F && sum[0] == 2.0F;
    hand_in(1, 5);
    sync.finish({}, results);
    early += is_there && sum[0] == 10.0F ? 1 : 0;
  });
  BOOST_TEST(early == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
