#pragma once

#include <string>

#include "experiments/program/progress.hpp"
#include "framework/config/experiment_config.hpp"
#include "framework/graph/parameter_store.hpp"
#include "framework/storage/metrics/metrics_writer.hpp"
#include "framework/storage/run/run_directory.hpp"
#include "framework/training/diagnosis/learning_monitor.hpp"
#include "framework/training/trainer.hpp"

namespace lockstep {

/// Writes a run's folder while it is trained, and shows its progress. Only rank 0 has one.
class RunRecorder final : public TrainingObserver {
 public:
  struct Parts {
    RunDirectory& directory;
    Progress& progress;
    LearningMonitor monitor;
    std::string check_line;  ///< the command that tells why a network does not learn
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
  /// @param recorded  what the journal already holds if the run is resumed
  RunRecorder(Parts parts, MetricsTables recorded);

  void on_step(const StepRecord& record) override;
  void on_evaluation(const EpochRecord& record) override;
  void on_checkpoint(const TrainingProgress& progress) override;

  /// Publishes everything not published yet.
  void finish();
  /// The same after an error. A failure here must not hide that error.
  void fail();

 private:
  Parts parts_;
  MetricsWriter metrics_;

  void recall(const MetricsTables& recorded);
  void watch_learning(const StepRecord& record);
  void warn(const std::string& message);
};

/// An observer for ranks that record nothing.
class SilentObserver final : public TrainingObserver {
 public:
  void on_step(const StepRecord& /*record*/) override {}
  void on_evaluation(const EpochRecord& /*record*/) override {}
  void on_checkpoint(const TrainingProgress& /*progress*/) override {}
};

}  // namespace lockstep
