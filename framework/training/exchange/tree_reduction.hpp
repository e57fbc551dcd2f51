#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/training/exchange/canonical_tree.hpp"

namespace lockstep {

/// Adds the buffers of one rank's leaves along the canonical tree while they are being finished.
/// The last of two siblings to arrive adds the two, so that few buffers are alive at a time.
///
/// Threading contract: `start`, and the results once all owned leaves are finished, by one thread;
/// `acquire`, `buffer` and `finish_leaf` by any number of workers up to `threads`. Only the
/// constructor locks or allocates.
class TreeReduction {
 public:
  struct Size {
    std::size_t floats;  ///< of one buffer
    Index most_leaves;   ///< of the whole tree
    Index most_owned;    ///< of this rank
    int threads;
  };
  explicit TreeReduction(const Size& size);

  /// Begins a new sum over the leaves `owned` of a tree of `leaves`.
  /// @param subtrees  complete_subtrees(leaves, owned); lives until the next start
  void start(const LeafRange& owned, std::span<const LeafRange> subtrees);

  /// A buffer for one leaf's numbers; every element is to be overwritten.
  int acquire();
  std::span<float> buffer(int number) { return buffer_span(number); }

  /// Hands in a leaf's numbers and adds every node that this completes.
  void finish_leaf(Index leaf, int buffer);

  /// The sum over subtrees[i], once all owned leaves are finished.
  std::span<const float> subtree_sum(std::size_t i) { return buffer_span(subtree_buffers_[i]); }

 private:
  // parents: a node's number, or -(subtree + 1) at the root of a complete subtree.
  std::size_t floats_;
  int buffer_count_;
  AlignedBuffer<float> memory_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> free_masks_;  ///< one bit per buffer, set when free
  std::unique_ptr<std::atomic<int>[]> waiting_;  ///< per inner node: the sibling that came first
  std::vector<int> node_parents_;
  std::vector<int> leaf_parents_;
  std::vector<int> subtree_buffers_;
  Index first_leaf_ = 0;
  int node_count_ = 0;

  std::span<float> buffer_span(int number);
  void build(const LeafRange& node, int parent);
  void release(int buffer);
  std::size_t mask_count() const { return (static_cast<std::size_t>(buffer_count_) + 63) / 64; }
};

}  // namespace lockstep
