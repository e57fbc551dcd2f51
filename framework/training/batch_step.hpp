#pragma once

#include <optional>
#include <span>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/core/staged_work.hpp"
#include "framework/training/exchange/gradient_sync.hpp"
#include "framework/training/step/micro_batch_executor.hpp"
#include "framework/training/step/sampler.hpp"
#include "framework/training/training_setup.hpp"
#include "framework/training/update/parameter_update.hpp"

namespace lockstep {

/// From one global batch to new parameters: the passes over its micro-batches, the sum of their
/// gradients over threads and ranks, and the update. Threads go through all of this in stages.
///
/// Threading contract: one thread; every rank of the communicator runs the same calls. Allocates
/// nothing after the first step; with several ranks, after the first of each size.
class BatchStep {
 public:
  /// Borrows `setup` and everything that `place` names.
  BatchStep(TrainingSetup& setup, const TrainingPlace& place);

  /// What every rank knows about the batch.
  struct Outcome {
    std::span<const MicroBatchResult> results;  ///< one per micro-batch; until the next step
    Index samples = 0;
    Index correct = 0;
    double loss_sum = 0;  ///< over samples, on the canonical tree; before the update
    float learning_rate = 0;
    // Figures of the update, which is left out if the loss is not finite.
    double gradient_norm = 0;                         ///< of the mean gradient, before clipping
    bool is_finite = false;                           ///< of all new values
    TrainingRequest request = TrainingRequest::none;  ///< the weightiest request of all ranks

    double loss() const { return loss_sum / static_cast<double>(samples); }
  };
  /// Moves parameters and optimizer on by one step if the loss is finite.
  /// @throws CollectiveError (numeric) when a rank's weights differ from the others'
  Outcome run(const GlobalBatch& batch);

  /// The mean gradient of the last step with respect to the stored values, after clipping.
  std::span<const float> gradient() const { return update_.gradient(); }
  /// Digest of the values that the last step left.
  const Digest& digest() const { return *digest_; }

  /// The smallest number of this rank's threads that would be as fast as the whole team.
  int useful_threads() const;

 private:
  TrainingSetup& setup_;
  TrainingPlace place_;
  Plan plan_;
  MicroBatchExecutor executor_;
  GradientSync sync_;
  AlignedBuffer<float> scaled_;  ///< parameters as the layers see them; empty without scales
  std::vector<MicroBatchResult> results_;
  std::vector<double> losses_;
  ParameterUpdate update_;
  StagedWork stages_;
  Outcome outcome_;
  std::optional<Digest> digest_;  ///< of the values that the last step left; none before the first

  static constexpr std::size_t kEndStages = 1;

  std::span<const float> scaled_parameters();
  void run_stages();
  void end_batch();
  void add_up();
  void update_parameters(StagedWork::Walk& walk);
};

/// Every number of micro-batches that a step over a data set may have.
std::vector<Index> micro_batch_counts(Index data_set_size, Index batch_size, Index micro_batch);

}  // namespace lockstep
