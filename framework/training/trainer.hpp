#pragma once

#include <string>
#include <utility>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/training/batch_step.hpp"
#include "framework/training/diagnosis/run_records.hpp"
#include "framework/training/evaluation/evaluator.hpp"
#include "framework/training/step/sampler.hpp"
#include "framework/training/training_setup.hpp"

namespace lockstep {

/// Is notified of a training's progress. Called by the main thread on every rank, at the same
/// points.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;

  virtual void on_step(const StepRecord& record) = 0;
  virtual void on_evaluation(const EpochRecord& record) = 0;
  /// A checkpoint is due. Parameters and optimizer are those after `progress.step` steps.
  virtual void on_checkpoint(const TrainingProgress& progress) = 0;
};

enum class TrainingEnd { finished, stopped };

/// The training loop. Knows no file and prints nothing.
///
/// Threading contract and memory: as BatchStep.
class Trainer {
 public:
  /// Borrows both and what they name. Parameters, optimizer and progress of `setup` move on.
  Trainer(TrainingSetup& setup, const TrainingPlace& place);

  /// Trains up to the last step. Evaluation and checkpoint are due at their rhythms and after the
  /// last step. A checkpoint is also due after the best evaluation so far and on request. When
  /// asked to stop, all ranks stop after the same step, its evaluation and a checkpoint. At the
  /// pause step both are due; a trainer that begins beyond it evaluates and trains nothing.
  /// @throws CollectiveError (numeric) when the loss, gradient or weights are not finite, or a
  ///         rank's weights differ from the others' (compared with every step and before each
  ///         checkpoint). The weights of the last checkpoint are then the last good ones.
  TrainingEnd run(TrainingObserver& observer);

  /// Sets who is notified of the progress of evaluations.
  void watch_evaluations(Evaluator::Watcher watcher) { evaluator_.set_watcher(std::move(watcher)); }

  /// One step. Parameters, optimizer and progress move on by one.
  StepRecord train_step();

  const TrainingProgress& progress() const { return setup_.progress; }
  Index steps_per_epoch() const { return sampler_.steps_per_epoch(); }
  /// The smallest number of this rank's threads that would train as fast as the whole team.
  int useful_threads() const { return step_.useful_threads(); }
  /// Digest of the current weights.
  Digest weights_digest() const { return setup_.parameters.digest(); }
  EvaluationResult evaluate(const Dataset& dataset);

 private:
  TrainingSetup& setup_;
  TrainingPlace place_;
  Sampler sampler_;
  BatchStep step_;
  Evaluator evaluator_;
  AlignedBuffer<float> before_;  ///< values before a step after which an evaluation is due
  TrainingRequest request_ = TrainingRequest::none;  ///< of all ranks, at the end of the last step

  bool is_pausing(Index step) const;
  bool is_evaluated(Index step) const;
  void require_finite(const GlobalBatch& batch, const BatchStep::Outcome& outcome);
  std::string where_loss_breaks(const GlobalBatch& batch, const BatchStep::Outcome& outcome) const;
  [[noreturn]] void fail(const char* what, double value, const std::string& where) const;
  StepRecord count(const BatchStep::Outcome& outcome);
  EpochRecord evaluate_all();
  void keep_best(double accuracy);
  std::vector<LayerRecord> records_of_layers();
  void check_replicas();
};

}  // namespace lockstep
