#pragma once

// Experiments and models that the program itself has written: where they cannot be read, a file is
// damaged, and nobody has mistyped anything.

#include <filesystem>
#include <string>
#include <vector>

#include "framework/config/experiment_config.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"

namespace lockstep {

/// The experiment of a run's resolved.yaml. @throws Error (data)
ExperimentConfig read_resolved_experiment(const std::filesystem::path& run);

/// The experiment of a checkpoint, with the model that its parameters belong to; defaults where a
/// file from elsewhere has no /experiment.
/// @param file  its name, for messages
/// @param overrides  key.path=value, put into the experiment before it is read
/// @throws Error (data) for what the file holds; Error (usage) for the overrides
ExperimentConfig experiment_of(const Checkpoint& checkpoint, const std::filesystem::path& file,
                               const std::vector<std::string>& overrides = {});

}  // namespace lockstep
