#include "framework/training/exchange/tree_reduction.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <vector>

#include "framework/core/share.hpp"

namespace lockstep {
namespace {

struct Taken {
  Index leaf;
  int buffer;
};

// Leaves that workers take as in StagedWork: their own share in order, then what is left of
// others'.
class Leaves {
 public:
  Leaves(std::size_t leaves, std::size_t workers) {
    for (std::size_t w = 0; w < workers; ++w) shares_.push_back(Share{w, workers}.of(leaves));
  }

  // -1 when none is left.
  Index take(std::size_t worker) {
    for (std::size_t i = 0; i < shares_.size(); ++i) {
      IndexRange& share = shares_[(worker + i) % shares_.size()];
      if (!share.empty()) return static_cast<Index>(share.first++);
    }
    return -1;
  }

 private:
  std::vector<IndexRange> shares_;
};

// One leaf at a time per worker, begun and ended in random order. Each leaf's number is one.
float sum_of_ones(Index leaves, int workers, std::uint32_t seed) {
  TreeReduction reduction(
      {.floats = 1, .most_leaves = leaves, .most_owned = leaves, .threads = workers});
  const std::vector<LeafRange> whole = {{0, leaves}};
  reduction.start(whole.front(), whole);
  Leaves left(static_cast<std::size_t>(leaves), static_cast<std::size_t>(workers));
  std::vector<std::vector<Taken>> under_way(static_cast<std::size_t>(workers));
  std::mt19937 engine(seed);
  for (Index finished = 0; finished < leaves;) {
    const std::size_t worker = engine() % under_way.size();
    std::vector<Taken>& mine = under_way[worker];
    if (!mine.empty()) {
      reduction.finish_leaf(mine.back().leaf, mine.back().buffer);
      mine.clear();
      ++finished;
    } else if (const Index leaf = left.take(worker); leaf >= 0) {
      const int buffer = reduction.acquire();
      std::ranges::fill(reduction.buffer(buffer), 1.0F);
      mine.push_back({leaf, buffer});
    }
  }
  return reduction.subtree_sum(0)[0];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tree_reduction)

// A buffer too few, and acquire would wait for ever.
BOOST_AUTO_TEST_CASE(buffers_suffice_in_whatever_order_workers_take_and_finish_leaves) {
  for (const int workers : {1, 2, 3, 5, 8}) {
    for (const Index leaves : {1, 2, 7, 33, 64, 257, 1000}) {
      for (std::uint32_t seed = 0; seed < 10; ++seed) {
        BOOST_TEST(sum_of_ones(leaves, workers, seed) == static_cast<float>(leaves));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
