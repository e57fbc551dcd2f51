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
  /// What a missing section must be, for the message. Empty: the section may be left out.
  std::string_view expected{};
  /// The key that names a type with settings of its own. Empty: there is none.
  std::string_view chooser{};
  /// Asks for the section's keys. The caller refuses all others and keeps what was read.
  void (*read)(SettingsReader& section, ExperimentConfig& config);
  /// Where what was read is kept, for resolved.yaml.
  Value ExperimentConfig::*settings;
  /// Sections that can be read; together they use each key that the section may have.
  std::vector<SettingTexts> examples;
  /// Turns a single number or word into a section. Null: the section must be a mapping.
  Value (*from_scalar)(SettingsReader& document) = nullptr;
};

ExperimentSection train_section();
ExperimentSection loss_section();
ExperimentSection optimizer_section();
ExperimentSection learning_rate_section();
ExperimentSection evaluate_section();
ExperimentSection checkpoint_section();
ExperimentSection metrics_section();

/// All sections except `model` and `data`, in the order of resolved.yaml.
std::vector<ExperimentSection> experiment_sections();

/// The keys at the top level of an experiment file.
std::vector<std::string_view> top_level_keys();

/// The name of a run or a sweep, which also names its folder. By default the file's stem.
std::string parse_name(SettingsReader& document, const std::filesystem::path& file);

}  // namespace lockstep
