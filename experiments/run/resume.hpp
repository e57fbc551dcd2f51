#pragma once

// Whether the files on disk belong to the run that is to go on.

#include <filesystem>
#include <optional>
#include <string>

#include "framework/config/experiment_config.hpp"
#include "framework/storage/checkpoint/run_checkpoints.hpp"

namespace lockstep {

/// @throws Error (usage) naming the keys in which a run's resolved.yaml differs from `config`
///         although they must not; Error (data) if it is damaged
void check_same_experiment(const std::filesystem::path& run, const ExperimentConfig& config);

/// Why a checkpoint does not belong to the run of `config`; nothing if it does.
std::optional<std::string> why_of_another_run(const FoundCheckpoint& found,
                                              const ExperimentConfig& config);

}  // namespace lockstep
