#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "framework/core/parallel.hpp"
#include "framework/graph/micro_batch_pass.hpp"
#include "framework/training/dataset.hpp"
#include "framework/training/gradient_sync.hpp"
#include "framework/training/sampler.hpp"

namespace lockstep {

/// Runs forward and backward on each micro-batch of the global batch that this rank owns, in
/// parallel: a worker takes the next micro-batch, assembles it, and hands in its gradient.
///
/// Threading contract: one caller at a time. `run` allocates nothing after the first call.
class MicroBatchExecutor {
 public:
  struct Settings {
    std::uint64_t seed;
    float label_smoothing;
  };
  MicroBatchExecutor(const Plan& plan, const ParameterLayout& layout, const Dataset& dataset,
                     const WorkerTeam& team, const Settings& settings);

  /// @param parameters  flat, scales applied
  /// @param sync        started for this batch's number of micro-batches
  /// @param results     one a micro-batch of the whole batch; this rank's are filled in
  void run(const GlobalBatch& batch, std::span<const float> parameters, GradientSync& sync,
           std::span<MicroBatchResult> results);

  /// Micro-batches that a batch of `samples` is cut into.
  Index micro_batches(Index samples) const;

 private:
  // What one slot works with.
  struct Slot {
    MicroBatchPass pass;
    std::vector<Index> lane_samples;   ///< m; the last one repeated in idle lanes
    std::vector<std::uint8_t> labels;  ///< of the lanes with a sample
    std::vector<float> losses;
    std::vector<std::uint8_t> classes;
  };

  const Plan& plan_;
  const Dataset& dataset_;
  const WorkerTeam& team_;
  Settings settings_;
  std::vector<Slot> slots_;

  MicroBatchResult run_micro_batch(Slot& slot, std::span<const Index> samples, std::uint32_t epoch,
                                   std::span<const float> parameters, std::span<float> gradient);
};

}  // namespace lockstep
