#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "framework/core/parallel.hpp"
#include "framework/core/staged_work.hpp"
#include "framework/graph/micro_batch_pass.hpp"
#include "framework/graph/work_division.hpp"
#include "framework/training/exchange/gradient_sync.hpp"
#include "framework/training/step/dataset.hpp"
#include "framework/training/step/heartbeat.hpp"
#include "framework/training/step/micro_batch.hpp"
#include "framework/training/step/sampler.hpp"

namespace lockstep {

/// Runs forward and backward on each micro-batch of the global batch that this rank owns, in
/// parallel: a worker takes the next micro-batch, assembles it, and hands in its gradient. When
/// fewer micro-batches than threads are left, the threads divide the work on each (WorkDivision).
///
/// Threading contract: `work` by every slot of a team; the rest by one thread while no slot works.
/// Allocates nothing after construction.
class MicroBatchExecutor {
 public:
  struct Settings {
    std::uint64_t seed;
    const Loss& loss;
    Heartbeat* heartbeat = nullptr;  ///< beats for every bucket handed in; may be null
  };
  MicroBatchExecutor(const Plan& plan, const ParameterLayout& layout, const Dataset& dataset,
                     const WorkerTeam& team, const Settings& settings);

  /// What a step works on; borrowed until the step has ended.
  struct Step {
    GlobalBatch batch;
    std::span<const float> parameters;    ///< flat, scales applied
    GradientSync* sync;                   ///< started for this batch's number of micro-batches
    std::span<MicroBatchResult> results;  ///< one per micro-batch; this rank's are filled in
  };
  void start(const Step& step);

  /// The largest number of stages of `work`.
  std::size_t stages() const;

  /// @return as StagedWork::Walk::stage
  bool work(StagedWork::Walk& walk, int slot);

  /// The number of micro-batches that a batch of `samples` is cut into.
  Index micro_batches(Index samples) const;

  /// The smallest number of threads that would be as fast on `micro_batches`.
  int useful_threads(Index micro_batches) const;

 private:
  // A micro-batch in progress.
  struct Slot {
    MicroBatchPass pass;
    MicroBatch batch;
    Index number = 0;                         ///< of the micro-batch
    std::array<int, kMostBuckets> buffers{};  ///< of the gradient, one per bucket
  };

  const Plan& plan_;
  const Dataset& dataset_;
  int concurrency_;
  Settings settings_;
  WorkDivision division_;
  std::vector<Slot> slots_;
  Step step_{};
  WorkDivision::Assignment assignment_{};

  Slot& slot_of(int number) { return slots_[static_cast<std::size_t>(number)]; }
  void run_micro_batch(Slot& slot, Index micro_batch);
  bool work_in_shares(StagedWork::Walk& walk, int slot, const LeafRange& range);
  void assemble(Slot& slot, Index micro_batch);
  static void run_forward(Slot& slot, IndexRange steps);
  void run_backward(Slot& slot, IndexRange steps);
  void take_losses(Slot& slot);
  bool completes_bucket(std::size_t step) const;
  void hand_in_after(std::size_t step, const Slot& slot) const;
};

}  // namespace lockstep
