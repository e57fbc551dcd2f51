#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "experiments/program/console.hpp"
#include "framework/storage/metrics/journal_recovery.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {

void inspect_run(const Console& console, const std::filesystem::path& run);

/// What a run has recorded, as far as it can be read.
RecordedMetrics metrics_of_run(const std::filesystem::path& run);

struct RunSummary {
  nlohmann::ordered_json experiment;  ///< what was trained; null if it cannot be read
  std::optional<RunEnd> end;          ///< nothing: it goes on, or was killed
  RecordedMetrics metrics;
  nlohmann::ordered_json checkpoints = nlohmann::ordered_json::array();
};
/// Reads everything but the values in checkpoints. @throws Error (data) if the folder cannot be
/// read
RunSummary summarize_run(const std::filesystem::path& run);

/// "outcome    DONE (exit code 0): finished"
std::string outcome_line(const std::filesystem::path& run);

/// Prints the first few problems as warnings.
void warn_about(const Console& console, const std::vector<std::string>& problems);

}  // namespace lockstep
