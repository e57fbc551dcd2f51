#pragma once

#include <span>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/training/canonical_tree.hpp"
#include "framework/training/communicator.hpp"
#include "framework/training/training_request.hpp"
#include "framework/training/tree_reduction.hpp"

namespace lockstep {

/// What one micro-batch says beside its gradient.
struct MicroBatchResult {
  double loss = 0;  ///< summed over its samples in order
  Index correct = 0;
  Index samples = 0;
};

/// Adds the gradients of a global batch's micro-batches along the canonical tree, across the
/// threads of a rank as they finish and then across ranks, and shares their results.
///
/// Across ranks, each rank adds one slice of the numbers: the sums of complete subtrees travel to
/// the slice's rank, which finishes the tree, and the slices of the total travel back.
/// Threading contract: as TreeReduction; `start` and `finish` are collective.
class GradientSync {
 public:
  /// @param leaf_counts  every number of micro-batches that a step may have
  GradientSync(Communicator& communicator, std::size_t floats, std::vector<Index> leaf_counts,
               int threads);

  /// Begins a step of `leaves` micro-batches.
  void start(Index leaves);

  /// Micro-batches of this rank in this step.
  const LeafRange& owned() const { return layout_->owned.at(static_cast<std::size_t>(rank())); }

  TreeReduction& reduction() { return reduction_; }

  /// The sum over all micro-batches of all ranks; lives until the next start.
  std::span<const float> finish();

  /// Fills in the other ranks' entries of `results`, one a micro-batch.
  /// @param request  what this rank is asked; it travels along
  /// @return the weightiest request of all ranks
  TrainingRequest share_results(std::span<MicroBatchResult> results, TrainingRequest request);

 private:
  // Who owns what, for one number of micro-batches.
  struct Layout {
    Index leaves = 0;
    std::vector<LeafRange> owned;                  ///< one a rank
    std::vector<std::vector<LeafRange>> subtrees;  ///< complete ones, one list a rank
    std::vector<MessagePart> send_parts;           ///< my subtrees' slices to each rank
    std::vector<MessagePart> receive_parts;        ///< each rank's subtrees, my slice
    std::vector<MessagePart> report_parts;         ///< each rank's request, then its results
  };

  Communicator& communicator_;
  std::size_t floats_;
  std::vector<MessagePart> slices_;  ///< of the floats, one a rank, in bytes
  std::vector<Layout> layouts_;
  const Layout* layout_ = nullptr;
  TreeReduction reduction_;
  AlignedBuffer<float> send_;
  AlignedBuffer<float> receive_;
  AlignedBuffer<float> total_;
  std::vector<std::byte> reports_;

  int rank() const { return communicator_.rank(); }
  Layout make_layout(Index leaves) const;
  static TreeReduction::Size reduction_size(const std::vector<Layout>& layouts, std::size_t floats,
                                            int rank, int threads);
  void pack();
  std::span<float> combine(const LeafRange& node);
};

}  // namespace lockstep
