#pragma once

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "experiments/program/command.hpp"
#include "experiments/program/progress.hpp"
#include "experiments/program/run_requests.hpp"
#include "experiments/run/training_report.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/config/experiment_config.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/storage/run/run_directory.hpp"
#include "framework/training/trainer.hpp"

namespace lockstep {

/// What `train` was asked to do.
struct TrainOptions {
  std::string experiment;
  std::vector<std::string> overrides;
  std::string out;
  std::string progress = "auto";
  bool resume = false;
  bool overwrite = false;
  bool dry_run = false;
  bool print_config = false;
  int until = 0;  ///< the step to stop after; 0: the last
};

/// How long ranks may wait for one another before the first step, while they load: 120 s with the
/// default train.step_deadline.
double start_up_deadline(const TrainConfig& train);

/// What is trained, and on what data.
struct TrainingSubject {
  ExperimentConfig config;
  std::unique_ptr<const Graph> graph;
  Workbench bench;
};

/// One run, from its configuration to its final figures. Every rank has one; only that of rank 0
/// writes.
class TrainingRun {
 public:
  /// @throws Error (usage); does not communicate
  TrainingRun(const CommandContext& context, const TrainOptions& options, TrainingSubject subject);

  /// Prints remarks about what is about to be trained, and on what.
  void describe() const;
  /// Trains, records and reports, to the end or until asked to stop. Collective.
  /// @return the exit code
  int train(RunRequests& requests);
  /// Checks everything that `train` would, changes nothing, and reports. Collective. @return the
  /// exit code
  int rehearse();

 private:
  const CommandContext& context_;
  const TrainOptions& options_;
  ExperimentConfig config_;
  std::string asked_for_;  // the experiment, one key per line, before a data set was chosen
  std::unique_ptr<const Graph> graph_;
  Workbench bench_;
  TrainingSetup setup_;
  std::optional<RunDirectory> directory_;  // only on rank 0
  MetricsTables tables_;
  bool is_finished_ = false;  // nothing is left to train, and the folder stays as it is

  // Whether this rank writes.
  bool records() const { return directory_.has_value() && !is_finished_; }
  void check_agreement() const;
  RunRequest run_request() const;
  std::filesystem::path check_directory();
  void open_directory();
  void resume();
  void go_on_from(const FoundCheckpoint& found);
  std::optional<FoundCheckpoint> newest_own_checkpoint(const RunCheckpoints& checkpoints) const;
  void renew_metrics();
  void recover_metrics();
  void record_failure(const std::exception& error);
  int finish(Trainer& trainer);
  int stop(const TrainingProgress& progress, const RunRequests& requests);
  Index steps() const { return setup_.settings.total_steps; }  // of the whole run
  void warn_about_warmup() const;
  void advise_on_threads(const Trainer& trainer) const;
  Provenance provenance() const;
  Progress make_progress(const Trainer& trainer) const;
  TrainingEnd run_trainer(Trainer& trainer, Progress& progress);
  FinalFigures final_figures(Trainer& trainer) const;
  void require_finite(const FinalFigures& figures) const;
  void report(Trainer& trainer, const FinalFigures& figures) const;
};

/// Does everything that `train` does with an experiment file. Collective. @return the exit code
/// @throws CollectiveError (usage, data, numeric) on all ranks
int train_experiment(const CommandContext& context, const TrainOptions& options,
                     RunRequests& requests);

}  // namespace lockstep
