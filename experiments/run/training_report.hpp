#pragma once

#include <optional>
#include <string>

#include "experiments/program/console.hpp"
#include "framework/core/digest.hpp"
#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// Exact figures of the last weights on each split of the data set.
struct FinalFigures {
  std::optional<EvaluationResult> train;
  std::optional<EvaluationResult> validation;
  std::optional<EvaluationResult> test;
};

/// What is reported about a finished run.
struct TrainingReport {
  std::string name;
  std::string run_dir;
  std::string dataset;
  Index steps;
  double epochs;
  Index samples_seen;
  double train_seconds;  ///< without loading, evaluation and checkpoints
  Digest digest;         ///< of the weights
  int ranks;
  int threads;
  std::string isa;
  FinalFigures figures;
};

/// The findings of --dry-run: what would be trained, on what, and where it would go.
struct TrainingPlan {
  std::string name;
  std::string run_dir;
  std::string dataset;
  Index steps;
  Index parameters;
  Index train_samples;
  Index validation_samples;
  Index test_samples;
};

/// Prints it on stdout, as text or as JSON.
void report_plan(const Console& console, const TrainingPlan& plan);

/// What is reported about a run that stopped on request.
struct StopReport {
  std::string name;
  std::string run_dir;
  std::string reason;  ///< "stopped after step 7 of 9, as SIGTERM asked"
  Index steps;
  Index total_steps;
  Digest digest;  ///< of the weights
  bool is_pause;  ///< by --until
};

/// Prints on stderr how to go on, whatever --quiet says; with --json also on stdout.
void report_stop(const Console& console, const StopReport& report);

/// Prints it on stdout, as text or as JSON.
void report_training(const Console& console, const TrainingReport& report);

}  // namespace lockstep
