#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "framework/core/parallel.hpp"
#include "framework/graph/parameter_store.hpp"
#include "framework/training/diagnosis/run_records.hpp"
#include "framework/training/evaluation/evaluator.hpp"
#include "framework/training/exchange/communicator.hpp"
#include "framework/training/exchange/gradient_sync.hpp"
#include "framework/training/exchange/training_request.hpp"
#include "framework/training/step/dataset.hpp"
#include "framework/training/step/heartbeat.hpp"
#include "framework/training/step/micro_batch_executor.hpp"
#include "framework/training/step/sampler.hpp"
#include "framework/training/update/optimizer.hpp"
#include "framework/training/update/parameter_update.hpp"
#include "framework/training/update/schedule.hpp"

namespace lockstep {

/// How often something happens: every so many epochs (fractions are fine) or steps.
struct Rhythm {
  double every_epochs = 0;  ///< 0: count in steps
  Index every_steps = 0;    ///< 0: never

  /// Whether it happens right after step `step` (counted from 1).
  bool is_due(Index step, Index steps_per_epoch) const;
};

struct TrainerSettings {
  std::uint64_t seed = 1;
  Index total_steps = 0;
  Index batch_size = 0;
  Index micro_batch = 0;
  float label_smoothing = 0;
  std::optional<double> clip_norm{};
  Index digest_every_steps = 1;  ///< 0: never
  Rhythm evaluate{};
  Rhythm checkpoint{};
  Index pause_step = 0;  ///< where to stop before the last step; 0: nowhere
};

/// Everything beside parameters and optimizer state that a run goes on from.
struct TrainingProgress {
  Index step = 0;  ///< steps done
  Index samples_seen = 0;
  double train_seconds = 0;  ///< without loading, evaluation and checkpoints
  // Sums over the running epoch's steps so far.
  Index epoch_samples = 0;
  Index epoch_correct = 0;
  double epoch_loss = 0;
  // The best validation accuracy so far; step 0 when none was measured.
  double best_accuracy = 0;
  Index best_step = 0;
};

/// Is told how training goes. Called on every rank, at the same points, by the main thread.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;

  virtual void on_step(const StepRecord& record) = 0;
  virtual void on_evaluation(const EpochRecord& record) = 0;
  /// A checkpoint is due; parameters and optimizer are those after `progress.step` steps.
  virtual void on_checkpoint(const TrainingProgress& progress) = 0;
};

/// What a trainer works with; all borrowed for its lifetime.
struct TrainerParts {
  const Graph& graph;
  ParameterStore& parameters;
  Optimizer& optimizer;
  const ScheduleSettings& schedule;
  const Dataset& training;
  const Dataset* validation;  ///< may be null
  const Dataset* test;        ///< may be null
  const WorkerTeam& team;
  Communicator& communicator;
  double (*clock)();                  ///< seconds since any fixed moment
  RequestSource* requests = nullptr;  ///< may be null
  Heartbeat* heartbeat = nullptr;     ///< may be null
};

enum class TrainingEnd { finished, stopped };

/// The training loop. Knows no file and prints nothing.
///
/// Threading contract: one thread; every rank of the communicator runs the same calls. A training
/// step allocates nothing after the first; with several ranks, after the first of each size.
class Trainer {
 public:
  Trainer(const TrainerParts& parts, const TrainerSettings& settings,
          const TrainingProgress& progress = {});

  /// Trains up to the last step. Evaluation and checkpoint are due at their rhythms and after the
  /// last step, a checkpoint also after the best evaluation so far and on request. Asked to stop,
  /// all ranks do after the same step, its evaluation and a checkpoint. At the pause step both are
  /// due; a trainer that begins beyond it evaluates and trains nothing.
  /// @throws CollectiveError (numeric) when loss, gradient or weights are not finite, or a rank's
  ///         weights differ from the others', which is looked at with every step and before each
  ///         checkpoint; the weights of the last checkpoint are then the last good ones.
  TrainingEnd run(TrainingObserver& observer);

  /// Who is told how far evaluations are.
  void watch_evaluations(Evaluator::Watcher watcher) { evaluator_.set_watcher(std::move(watcher)); }

  /// One step. Parameters, optimizer and progress move on by one.
  StepRecord train_step();

  const TrainingProgress& progress() const { return progress_; }
  Index steps_per_epoch() const { return sampler_.steps_per_epoch(); }
  /// The fewest threads of this rank that would train as fast as its team does.
  int useful_threads() const;
  /// Digest of the current weights.
  Digest weights_digest() const { return parts_.parameters.digest(); }
  EvaluationResult evaluate(const Dataset& dataset);

 private:
  TrainerParts parts_;
  TrainerSettings settings_;
  TrainingProgress progress_;
  Sampler sampler_;
  Plan plan_;
  MicroBatchExecutor executor_;
  GradientSync sync_;
  Evaluator evaluator_;
  std::vector<MicroBatchResult> results_;
  std::vector<double> losses_;
  AlignedBuffer<float> scaled_;  ///< parameters as the layers see them; empty without scales
  AlignedBuffer<float> before_;  ///< values before the step, of a step that is evaluated after
  ParameterUpdate update_;
  StagedWork stages_;
  double loss_ = 0;                                  ///< mean over the last batch
  TrainingRequest request_ = TrainingRequest::none;  ///< of all ranks, at the end of the last step
  std::optional<Digest> weights_before_;             ///< of the step; none for the first

  // What the threads need to end a step once all micro-batches are done.
  struct BatchEnd {
    std::span<MicroBatchResult> results;
    Index samples;
    float learning_rate;
  };
  static constexpr std::size_t kEndStages = 1;

  bool is_pausing(Index step) const;
  void enter(const char* place, Index step, bool waits_for_ranks = false) const;
  std::span<const float> scaled_parameters();
  void run_stages(const BatchEnd& end);
  void end_batch(const BatchEnd& end);
  void update(StagedWork::Walk& walk);
  double sum_losses(std::span<const MicroBatchResult> results);
  void count_epoch(std::span<const MicroBatchResult> results);
  EpochRecord evaluate_all();
  void check_replicas();
  bool is_evaluated(Index step) const;
  std::string where_loss_breaks(const GlobalBatch& batch) const;
  [[noreturn]] void fail(const char* what, double value, const std::string& where) const;
};

/// Every number of micro-batches that a step over a data set may have.
std::vector<Index> micro_batch_counts(Index data_set_size, Index batch_size, Index micro_batch);

}  // namespace lockstep
