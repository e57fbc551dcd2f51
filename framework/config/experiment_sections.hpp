#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/experiment_config.hpp"

namespace lockstep {

/// A section of an experiment file: a mapping whose keys are asked for, one after the other.
struct ExperimentSection {
  std::string_view name;
  /// What a missing one must be, for the message. Empty: it may be left out, and has its defaults.
  std::string_view expected{};
  /// Its key that names a type, which has settings of its own. Empty: there is none.
  std::string_view chooser{};
  /// Asks for its keys. The caller refuses the others and keeps what was read.
  void (*read)(SettingsReader& section, ExperimentConfig& config);
  /// What was read, as resolved.yaml shows it.
  Value ExperimentConfig::*settings;
  /// Sections that can be read; together they ask for each key that the section may have.
  std::vector<SettingTexts> examples;
  /// The section that a single number or word stands for. Null: it must be a mapping.
  Value (*from_scalar)(SettingsReader& document) = nullptr;
};

ExperimentSection train_section();
ExperimentSection loss_section();
ExperimentSection optimizer_section();
ExperimentSection learning_rate_section();
ExperimentSection evaluate_section();
ExperimentSection checkpoint_section();
ExperimentSection metrics_section();

/// All of them, in the order of resolved.yaml, but `model` and `data`.
std::vector<ExperimentSection> experiment_sections();

/// The keys at the top level of an experiment file.
std::vector<std::string_view> top_level_keys();

/// The name of a run or a sweep, whose folder is named after it; by default the file's stem.
std::string parse_name(SettingsReader& document, const std::filesystem::path& file);

/// Where a key belongs that is unknown where it was found, such as "under train:"; "" for a key of
/// no section. Names of other trainers lead to ours ("lr").
std::string where_it_belongs(std::string_view key);

}  // namespace lockstep
