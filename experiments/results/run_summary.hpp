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
  nlohmann::ordered_json experiment;  ///< what was trained; null where it cannot be read
  std::optional<RunEnd> end;          ///< none: it goes on, or was killed
  RecordedMetrics metrics;
  nlohmann::ordered_json checkpoints = nlohmann::ordered_json::array();
};
/// Reads all but the checkpoints' values. @throws Error (data) when the folder cannot be read
RunSummary summarize_run(const std::filesystem::path& run);

/// "outcome    DONE (exit code 0): finished"
std::string outcome_line(const std::filesystem::path& run);

/// Warns of the first few.
void warn_about(const Console& console, const std::vector<std::string>& problems);

}  // namespace lockstep
