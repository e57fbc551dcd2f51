#include "framework/training/exchange/canonical_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

namespace lockstep {
namespace {

std::vector<std::pair<Index, Index>> pairs(const std::vector<LeafRange>& ranges) {
  std::vector<std::pair<Index, Index>> result;
  for (const LeafRange& range : ranges) result.emplace_back(range.first, range.last);
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(canonical_tree)

BOOST_AUTO_TEST_CASE(a_node_is_split_at_the_largest_power_of_two_below_its_length) {
  BOOST_TEST(canonical_split({0, 2}) == 1);
  BOOST_TEST(canonical_split({0, 3}) == 2);
  BOOST_TEST(canonical_split({0, 4}) == 2);
  BOOST_TEST(canonical_split({0, 5}) == 4);
  BOOST_TEST(canonical_split({0, 8}) == 4);
  BOOST_TEST(canonical_split({8, 15}) == 12);
}

BOOST_AUTO_TEST_CASE(the_sum_follows_the_tree_and_no_other_order) {
  // ((1e16 + 1) + (-1e16 + 1)) + 1: each 1 that meets 1e16 is rounded away, so the tree says 1;
  // from left to right it would be 2.
  const std::vector<double> leaves = {1e16, 1, -1e16, 1, 1};
  BOOST_TEST(canonical_sum(leaves) == 1.0);
}

BOOST_AUTO_TEST_CASE(no_leaves_sum_to_zero) { BOOST_TEST(canonical_sum({}) == 0.0); }

BOOST_AUTO_TEST_CASE(the_depth_is_that_of_a_balanced_tree) {
  BOOST_TEST(canonical_depth(1) == 0);
  BOOST_TEST(canonical_depth(2) == 1);
  BOOST_TEST(canonical_depth(5) == 3);
  BOOST_TEST(canonical_depth(8) == 3);
}

BOOST_AUTO_TEST_CASE(ranks_own_all_leaves_once_and_evenly) {
  for (const Index leaves : {1, 2, 3, 7, 16, 100}) {
    for (const int ranks : {1, 2, 3, 5, 8}) {
      Index next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const LeafRange owned = owned_leaves(leaves, rank, ranks);
        BOOST_TEST(owned.first == next);
        BOOST_TEST(owned.size() >= leaves / ranks);
        BOOST_TEST(owned.size() <= leaves / ranks + 1);
        next = owned.last;
      }
      BOOST_TEST(next == leaves);
    }
  }
}

BOOST_AUTO_TEST_CASE(complete_subtrees_of_sixteen_leaves_on_three_ranks) {
  using Pairs = std::vector<std::pair<Index, Index>>;
  const auto of_rank = [](int rank) {
    return pairs(complete_subtrees(16, owned_leaves(16, rank, 3)));
  };
  BOOST_CHECK((of_rank(0) == Pairs{{0, 4}, {4, 5}}));
  BOOST_CHECK((of_rank(1) == Pairs{{5, 6}, {6, 8}, {8, 10}}));
  BOOST_CHECK((of_rank(2) == Pairs{{10, 12}, {12, 16}}));
}

BOOST_AUTO_TEST_CASE(a_rank_without_leaves_has_no_subtrees) {
  BOOST_TEST(complete_subtrees(1, owned_leaves(1, 0, 3)).empty());
  BOOST_TEST(complete_subtrees(1, owned_leaves(1, 2, 3)).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
