#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "framework/core/shape.hpp"

namespace lockstep {

/// The canonical tree over leaves 0..M-1 depends on M only: a node [lo, hi) of more than one leaf
/// is split at lo + the largest power of two below its length. Every sum whose order matters is
/// taken along it, so neither ranks nor threads can change a bit.

/// A stretch of leaves [first, last).
struct LeafRange {
  Index first = 0;
  Index last = 0;

  Index size() const { return last - first; }
  bool contains(const LeafRange& other) const { return first <= other.first && other.last <= last; }
  friend bool operator==(const LeafRange&, const LeafRange&) = default;
};

/// Where a node of at least two leaves is split.
Index canonical_split(const LeafRange& node);

/// Leaves that rank `rank` of `ranks` owns: contiguous, sizes differing by one at most.
LeafRange owned_leaves(Index leaves, int rank, int ranks);

/// The largest nodes of the tree over `leaves` that lie wholly inside `owned`, left to right.
std::vector<LeafRange> complete_subtrees(Index leaves, const LeafRange& owned);

/// The sum of one number per leaf along the tree; +0 for no leaves.
double canonical_sum(std::span<const double> leaves);

/// Levels of the tree over M leaves: the smallest d with 2^d >= M.
int canonical_depth(Index leaves);

}  // namespace lockstep
