#pragma once

// Whether what is found on disk is the run that is to go on.

#include <filesystem>
#include <optional>
#include <string>

#include "framework/config/experiment_config.hpp"
#include "framework/storage/checkpoint/run_checkpoints.hpp"

namespace lockstep {

/// @throws Error (usage) naming the keys in which a run's resolved.yaml differs from `config` and
/// that may not change; Error (data) when it is damaged
void check_same_experiment(const std::filesystem::path& run, const ExperimentConfig& config);

/// Why a checkpoint is not one of the run of `config`; nothing when it is.
std::optional<std::string> why_of_another_run(const FoundCheckpoint& found,
                                              const ExperimentConfig& config);

}  // namespace lockstep
