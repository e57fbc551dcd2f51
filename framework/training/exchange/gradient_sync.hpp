#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/training/exchange/all_reduce_plan.hpp"
#include "framework/training/exchange/canonical_tree.hpp"
#include "framework/training/exchange/communicator.hpp"
#include "framework/training/exchange/gradient_buckets.hpp"
#include "framework/training/exchange/step_report.hpp"
#include "framework/training/exchange/tree_all_reduce.hpp"
#include "framework/training/exchange/tree_reduction.hpp"

namespace lockstep {

/// Adds the gradients of a global batch's micro-batches along the canonical tree, bucket by bucket:
/// across the threads of a rank as they finish, and then across ranks. A bucket travels as soon as
/// the last micro-batch of this rank has handed it in. Reports travel with the last bucket.
///
/// Threading contract: `start` and `finish` are collective. They are called by the thread that may
/// use the communicator (any thread for a single rank), while no thread hands in. Between them any
/// thread may hand in and call `progress`. Allocates nothing of its own once it has seen each
/// number of micro-batches.
class GradientSync {
 public:
  /// @param buckets      in the order in which they are completed; one for a single rank
  /// @param leaf_counts  every number of micro-batches that a step may have
  GradientSync(Communicator& communicator, std::vector<GradientBucket> buckets,
               const std::vector<Index>& leaf_counts, int threads);
  ~GradientSync();

  /// Begins a step of `leaves` micro-batches.
  void start(Index leaves);

  /// Micro-batches of this rank in this step.
  const LeafRange& owned() const;

  const std::vector<GradientBucket>& buckets() const { return buckets_; }

  /// A buffer for one bucket of one micro-batch's gradient; every element is to be overwritten.
  int acquire(std::size_t bucket);
  std::span<float> buffer(std::size_t bucket, int number);

  /// Hands in one bucket of a micro-batch.
  void finish_leaf(std::size_t bucket, Index leaf, int buffer);

  /// Sends and receives what it can without waiting, if this thread may do so.
  /// @return whether it may, and there is more to come before `finish`
  bool progress();

  struct Outcome {
    std::span<const float> sum;  ///< over all micro-batches of all ranks; until the next start
    TrainingRequest request;     ///< the weightiest request of all ranks
  };
  /// Waits for all ranks.
  /// @param results  one per micro-batch; those of other ranks are filled in
  /// @throws as StepReports::read
  Outcome finish(const StepReport& mine, std::span<MicroBatchResult> results);

 private:
  struct Layout;
  struct Bucket;

  Communicator& communicator_;
  const bool is_alone_;
  std::vector<GradientBucket> buckets_;
  std::vector<Layout> layouts_;
  std::vector<std::unique_ptr<Bucket>> states_;
  Layout* layout_ = nullptr;
  AlignedBuffer<float> total_;  ///< empty in a group of one
  std::thread::id communicating_thread_;

  void make_layouts(const std::vector<Index>& leaf_counts);
  void make_bucket(const GradientBucket& stretch, int threads);
  void begin(std::size_t bucket);
  bool advance(std::size_t bucket);
  void wait();
};

}  // namespace lockstep
