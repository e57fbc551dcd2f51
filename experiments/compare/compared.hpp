#pragma once

// Something to compare: a run, a checkpoint or a metrics file, as far as its files tell.

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "framework/config/experiment_config.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {

enum class ComparedKind { run, checkpoint, metrics };

/// "run"
std::string_view to_string(ComparedKind kind);

struct Compared {
  std::filesystem::path path;
  ComparedKind kind = ComparedKind::run;
  std::optional<ExperimentConfig> config = {};  ///< weights from elsewhere have none
  std::optional<RunEnd> end = {};
  MetricsTables tables = {};  ///< of a checkpoint: only its step and digest
  std::map<Index, std::filesystem::path> checkpoints = {};  ///< by step

  Index steps() const { return tables.steps.empty() ? 0 : tables.steps.back().step; }
};

/// @throws Error (data): missing, damaged, or something else
Compared load_compared(const std::filesystem::path& path);

}  // namespace lockstep
