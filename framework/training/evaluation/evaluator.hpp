#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "framework/core/parallel.hpp"
#include "framework/graph/micro_batch_pass.hpp"
#include "framework/losses/loss.hpp"
#include "framework/training/diagnosis/activation_figures.hpp"
#include "framework/training/diagnosis/run_records.hpp"
#include "framework/training/exchange/communicator.hpp"
#include "framework/training/step/dataset.hpp"
#include "framework/training/step/heartbeat.hpp"
#include "framework/training/step/micro_batch.hpp"

namespace lockstep {

/// Exact loss, accuracy and confusion of a network on a data set, over threads and ranks.
///
/// The set is cut into micro-batches of 64 in order, without padding samples; losses are summed
/// along the canonical tree over them, so that the figures are the same bits on any number of ranks
/// and threads. Augmentation and dropout are off. The loss is the one that training minimises.
/// Threading contract: one caller at a time; `evaluate` is collective.
class Evaluator {
 public:
  static constexpr Index kMicroBatch = 64;
  /// Called with the number of samples evaluated so far, now and then and at the end; on every
  /// rank.
  using Watcher = std::function<void(Index samples, Index of)>;

  /// @param loss       outlives this
  /// @param heartbeat  beats for every micro-batch done; may be null
  Evaluator(const Graph& graph, const ParameterLayout& layout, const WorkerTeam& team,
            const Loss& loss, Heartbeat* heartbeat = nullptr);

  void set_watcher(Watcher watcher) { watcher_ = std::move(watcher); }

  /// The loss is NaN if any output of the network is not finite.
  /// @param parameters  flat, as stored (scales are applied here)
  EvaluationResult evaluate(std::span<const float> parameters, const Dataset& dataset,
                            Communicator& communicator);

  /// Probability of each class for each sample, (samples, classes); not collective.
  std::vector<float> probabilities(std::span<const float> parameters, const Dataset& dataset);

  /// Figures of each layer's output, over the data set's first samples, at most 64; not collective.
  std::vector<ActivationFigures> activations(std::span<const float> parameters,
                                             const Dataset& dataset);

 private:
  struct Slot {
    MicroBatchPass pass;
    MicroBatch batch;
    std::vector<Index> confusion;
  };

  const ParameterLayout& layout_;
  const WorkerTeam& team_;
  const Loss& loss_;
  Heartbeat* heartbeat_;
  Watcher watcher_;  ///< may be empty
  Plan plan_;
  Plan inspection_plan_;  ///< every layer's output in its own memory
  std::vector<Slot> slots_;
  Slot inspection_;
  AlignedBuffer<float> scaled_;

  Slot make_slot(const Plan& plan) const;
  void scale(std::span<const float> parameters);
  void forward(Slot& slot, const Dataset& dataset, const LeafRange& samples);
  void run_micro_batches(const LeafRange& part, const Dataset& dataset,
                         std::span<MicroBatchResult> results);
  MicroBatchResult run_micro_batch(Slot& slot, const Dataset& dataset, Index micro_batch);
  std::vector<Index> add_confusions(Communicator& communicator, std::size_t classes);
};

}  // namespace lockstep
