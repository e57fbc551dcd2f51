#include "framework/training/exchange/tree_reduction.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

#include "framework/kernels/reduce.hpp"

namespace lockstep {
namespace {

constexpr int kNobody = -1;

// Buffers that can be alive at the same time if each worker takes the leaves of its own share in
// order, and then leaves of other shares behind those already taken. There is one per worker. Added
// to these are finished subtrees whose siblings are unfinished: at most one per level beside the
// path from each worker's leaf to the root, two per level where a share's untaken leaves begin and
// end, and two where this rank's leaves do.
int buffers_needed(const TreeReduction::Size& size) {
  const Index depth = canonical_depth(size.most_leaves);
  const Index alive = size.threads * (1 + 3 * depth) + 2 * depth;
  return static_cast<int>(std::max<Index>(1, std::min(size.most_owned, alive)));
}

}  // namespace

TreeReduction::TreeReduction(const Size& size)
    : floats_((size.floats + 15) / 16 * 16),
      buffer_count_(buffers_needed(size)),
      memory_(floats_ * static_cast<std::size_t>(buffer_count_)),
      free_masks_(std::make_unique<std::atomic<std::uint64_t>[]>(mask_count())),
      waiting_(std::make_unique<std::atomic<int>[]>(
          static_cast<std::size_t>(std::max<Index>(1, size.most_owned)))),
      node_parents_(static_cast<std::size_t>(std::max<Index>(1, size.most_owned))),
      leaf_parents_(static_cast<std::size_t>(size.most_owned)),
      subtree_buffers_(static_cast<std::size_t>(2 * canonical_depth(size.most_leaves) + 1)) {}

void TreeReduction::start(const LeafRange& owned, std::span<const LeafRange> subtrees) {
  assert(subtrees.size() <= subtree_buffers_.size());
  first_leaf_ = owned.first;
  node_count_ = 0;
  for (std::size_t i = 0; i < subtrees.size(); ++i) build(subtrees[i], -static_cast<int>(i) - 1);
  for (std::size_t i = 0; i < mask_count(); ++i) {
    const int in_mask = std::min(64, buffer_count_ - static_cast<int>(i) * 64);
    free_masks_[i].store(in_mask == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << in_mask) - 1,
                         std::memory_order_relaxed);
  }
}

void TreeReduction::build(const LeafRange& node, int parent) {
  if (node.size() == 1) {
    leaf_parents_[static_cast<std::size_t>(node.first - first_leaf_)] = parent;
    return;
  }
  const int number = node_count_++;
  node_parents_[static_cast<std::size_t>(number)] = parent;
  waiting_[static_cast<std::size_t>(number)].store(kNobody, std::memory_order_relaxed);
  const Index middle = canonical_split(node);
  build({node.first, middle}, number);
  build({middle, node.last}, number);
}

int TreeReduction::acquire() {
  for (std::size_t i = 0;; i = (i + 1) % mask_count()) {
    std::uint64_t mask = free_masks_[i].load(std::memory_order_relaxed);
    while (mask != 0) {
      const std::uint64_t lowest = mask & (~mask + 1);
      if (free_masks_[i].compare_exchange_weak(mask, mask & ~lowest, std::memory_order_acquire,
                                               std::memory_order_relaxed)) {
        return static_cast<int>(i) * 64 + std::countr_zero(lowest);
      }
    }
  }
}

void TreeReduction::release(int buffer) {
  free_masks_[static_cast<std::size_t>(buffer / 64)].fetch_or(std::uint64_t{1} << (buffer % 64),
                                                              std::memory_order_release);
}

void TreeReduction::finish_leaf(Index leaf, int buffer) {
  int parent = leaf_parents_[static_cast<std::size_t>(leaf - first_leaf_)];
  while (parent >= 0) {
    const auto node = static_cast<std::size_t>(parent);
    const int sibling = waiting_[node].exchange(buffer, std::memory_order_acq_rel);
    if (sibling == kNobody) return;
    // It does not matter which of the two is on the left: the addition of two numbers commutes.
    add_buffers(buffer_span(sibling), buffer_span(buffer), buffer_span(buffer));
    release(sibling);
    parent = node_parents_[node];
  }
  subtree_buffers_[static_cast<std::size_t>(-parent - 1)] = buffer;
}

std::span<float> TreeReduction::buffer_span(int number) {
  return memory_.span().subspan(static_cast<std::size_t>(number) * floats_, floats_);
}

}  // namespace lockstep
