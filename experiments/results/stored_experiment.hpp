#pragma once

// Experiments and models that the program itself has written. If one cannot be read, the file is
// damaged; it is not a typing error of the user.

#include <filesystem>
#include <string>
#include <vector>

#include "framework/config/experiment_config.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"

namespace lockstep {

/// The experiment of a run's resolved.yaml. @throws Error (data)
ExperimentConfig read_resolved_experiment(const std::filesystem::path& run);

/// The experiment of a checkpoint, with the model that its parameters belong to. A file from
/// elsewhere without /experiment gets defaults.
/// @param file  its name, for messages
/// @param overrides  key.path=value, applied to the experiment before it is read
/// @throws Error (data) for mistakes in the file; Error (usage) for mistakes in the overrides
ExperimentConfig experiment_of(const Checkpoint& checkpoint, const std::filesystem::path& file,
                               const std::vector<std::string>& overrides = {});

}  // namespace lockstep
