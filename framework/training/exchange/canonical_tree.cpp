#include "framework/training/exchange/canonical_tree.hpp"

#include <bit>
#include <cassert>
#include <cstdint>

namespace lockstep {
namespace {

void collect_complete(const LeafRange& node, const LeafRange& owned,
                      std::vector<LeafRange>& complete) {
  if (owned.contains(node)) {
    complete.push_back(node);
    return;
  }
  if (node.size() < 2 || node.last <= owned.first || owned.last <= node.first) return;
  const Index middle = canonical_split(node);
  collect_complete({node.first, middle}, owned, complete);
  collect_complete({middle, node.last}, owned, complete);
}

}  // namespace

Index canonical_split(const LeafRange& node) {
  assert(node.size() >= 2);
  return node.first +
         static_cast<Index>(std::bit_floor(static_cast<std::uint64_t>(node.size() - 1)));
}

LeafRange owned_leaves(Index leaves, int rank, int ranks) {
  return {leaves * rank / ranks, leaves * (rank + 1) / ranks};
}

std::vector<LeafRange> complete_subtrees(Index leaves, const LeafRange& owned) {
  std::vector<LeafRange> complete;
  if (owned.size() > 0) collect_complete({0, leaves}, owned, complete);
  return complete;
}

double canonical_sum(std::span<const double> leaves) {
  if (leaves.empty()) return 0;
  if (leaves.size() == 1) return leaves.front();
  const auto middle =
      static_cast<std::size_t>(canonical_split({0, static_cast<Index>(leaves.size())}));
  return canonical_sum(leaves.first(middle)) + canonical_sum(leaves.subspan(middle));
}

int canonical_depth(Index leaves) {
  return leaves < 2 ? 0 : static_cast<int>(std::bit_width(static_cast<std::uint64_t>(leaves - 1)));
}

}  // namespace lockstep
