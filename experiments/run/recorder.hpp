#pragma once

#include <string>

#include "experiments/program/progress.hpp"
#include "framework/config/experiment_config.hpp"
#include "framework/graph/parameter_store.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/storage/metrics/metrics_journal.hpp"
#include "framework/storage/run/run_directory.hpp"
#include "framework/training/diagnosis/learning_monitor.hpp"
#include "framework/training/trainer.hpp"

namespace lockstep {

/// Writes a run's directory while it is trained, and shows its progress. Rank 0 has one.
class RunRecorder final : public TrainingObserver {
 public:
  struct Parts {
    RunDirectory& directory;
    Progress& progress;
    LearningMonitor monitor;
    std::string check_line;  ///< the command that says why a network does not learn
    const Graph& graph;
    const ParameterStore& parameters;
    const Optimizer& optimizer;
    const ExperimentConfig& config;
    std::string experiment_text;  ///< resolved YAML
    std::string model_text;       ///< resolved YAML
    Provenance provenance;
    Index steps_per_epoch;
    double (*clock)();
  };
  /// @param tables  what the journal holds already, when the run goes on
  RunRecorder(Parts parts, MetricsTables tables);

  void on_step(const StepRecord& record) override;
  void on_evaluation(const EpochRecord& record) override;
  void on_checkpoint(const TrainingProgress& progress) override;

  /// Publishes what has not been published yet.
  void finish();
  /// Likewise after an error, which nothing that fails here may take the place of.
  void fail();

 private:
  Parts parts_;
  MetricsJournal journal_;
  MetricsTables tables_;
  double published_at_;

  void publish();
  void recall();
  void watch_learning(const StepRecord& record);
  void warn(const std::string& message);
};

/// A rank that records nothing.
class SilentObserver final : public TrainingObserver {
 public:
  void on_step(const StepRecord& /*record*/) override {}
  void on_evaluation(const EpochRecord& /*record*/) override {}
  void on_checkpoint(const TrainingProgress& /*progress*/) override {}
};

}  // namespace lockstep
