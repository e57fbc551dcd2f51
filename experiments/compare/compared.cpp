#include "experiments/compare/compared.hpp"

#include <system_error>

#include <fmt/format.h>

#include "experiments/program/experiment_file.hpp"
#include "experiments/results/stored_experiment.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/hdf5/checked_file.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/metrics/journal_recovery.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

Compared load_run(const fs::path& path) {
  Compared run{.path = path, .kind = ComparedKind::run};
  run.config = read_resolved_experiment(path);
  run.end = read_run_end(path);
  RecordedMetrics metrics =
      read_run_metrics({.journal = path / "metrics.jsonl", .snapshot = path / "metrics.h5"});
  if (!metrics.has_all && !metrics.problems.empty()) {
    throw Error(errors::kDamagedFile, metrics.problems.front());
  }
  run.tables = std::move(metrics.tables);
  const RunCheckpoints checkpoints(path);
  for (const Index step : checkpoints.steps()) run.checkpoints[step] = checkpoints.path_of(step);
  return run;
}

Compared load_checkpoint(const fs::path& path) {
  Compared file{.path = path, .kind = ComparedKind::checkpoint};
  const Checkpoint checkpoint = read_checkpoint_summary(path).checkpoint;
  if (!checkpoint.experiment.empty()) file.config = experiment_of(checkpoint, path, {});
  StepRecord record;
  for (const Column<StepRecord>& column : kStepColumns) record.*column.member = kNotMeasured;
  if (checkpoint.state) {
    record.step = checkpoint.state->progress.step;
    record.has_digest = true;
    record.digest = checkpoint.state->digest;
    file.tables.steps = {record};
  }
  file.checkpoints[record.step] = path;
  return file;
}

bool is_metrics_file(const fs::path& path) {
  if (const auto kind = sealed_kind(path)) return *kind == SealedKind::metrics;
  return open_checked(path).reader->node("/steps") == Hdf5Node::group;
}

// Metrics files of earlier versions have no experiment.
std::optional<ExperimentConfig> experiment_of_metrics(const fs::path& path) {
  const OpenedFile opened = open_checked(path);
  const Hdf5Reader& file = *opened.reader;
  if (file.node("/experiment") != Hdf5Node::dataset) return {};
  const std::string name = path.string() + " (/experiment)";
  try {
    return complete(parse_experiment(read_yaml_text(file.read_text("/experiment"), name), path));
  } catch (const Error& error) {
    throw Error(errors::kDamagedFile,
                fmt::format("{} This text of the file is damaged or of another "
                            "version of Lockstep; take another copy.",
                            error.what()));
  }
}

}  // namespace

std::string_view to_string(ComparedKind kind) {
  switch (kind) {
    case ComparedKind::run:
      return "run";
    case ComparedKind::checkpoint:
      return "checkpoint";
    case ComparedKind::metrics:
      break;
  }
  return "metrics";
}

Compared load_compared(const fs::path& path) {
  std::error_code problem;
  if (fs::is_directory(path, problem)) {
    if (is_run_directory(path)) return load_run(path);
    throw Error(
        errors::kNoRun,
        fmt::format("{} is a folder, but not a run's: it has no resolved.yaml; give a run's "
                    "folder, a checkpoint, or metrics.h5.",
                    path.string()));
  }
  if (!is_metrics_file(path)) return load_checkpoint(path);
  Compared metrics{.path = path, .kind = ComparedKind::metrics};
  metrics.tables = read_metrics(path);
  metrics.config = experiment_of_metrics(path);
  return metrics;
}

}  // namespace lockstep
