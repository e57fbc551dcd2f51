#pragma once

// Experiments as the program uses them: with every default filled in, those of their data included.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/section.hpp"
#include "framework/config/experiment_config.hpp"

namespace lockstep {

/// Where a misplaced key belongs, such as "under train:" or "under data: augment:"; "" for a key of
/// no section.
std::string where_keys_belong(std::string_view key);

/// Reads an experiment file. @throws Error (usage) as load_experiment and read_data_section
ExperimentConfig read_experiment(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides);

/// The same experiment with the defaults of its section `data`. @throws as read_data_section
ExperimentConfig complete(ExperimentConfig config);

DataSection data_section(const ExperimentConfig& config);

}  // namespace lockstep
