#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "framework/config/experiment_config.hpp"

namespace lockstep {

// The sections of an experiment file, each read from and written for the whole document in one
// place. A section that was left out has its defaults, or is reported as missing.

/// The name of a run or a sweep, whose folder is named after it; by default the file's stem.
std::string parse_name(SettingsReader& document, const std::filesystem::path& file);

DataConfig parse_data(SettingsReader& document, const std::filesystem::path& folder);
Value data_to_value(const DataConfig& data);

TrainConfig parse_train(SettingsReader& document);
Value train_to_value(const TrainConfig& train);

LossConfig parse_loss(SettingsReader& document);
Value loss_to_value(const LossConfig& loss);

OptimizerSettings parse_optimizer(SettingsReader& document);
Value optimizer_to_value(const OptimizerSettings& optimizer);

ScheduleSettings parse_learning_rate(SettingsReader& document);
Value learning_rate_to_value(const ScheduleSettings& schedule);

Rhythm parse_evaluate(SettingsReader& document);
Value evaluate_to_value(const Rhythm& rhythm);

CheckpointConfig parse_checkpoint(SettingsReader& document);
Value checkpoint_to_value(const CheckpointConfig& checkpoint);

MetricsConfig parse_metrics(SettingsReader& document);
Value metrics_to_value(const MetricsConfig& metrics);

/// Where a key belongs that is unknown where it was found, such as "under train:"; "" for a key of
/// no section. Names of other trainers lead to ours ("lr").
std::string where_it_belongs(std::string_view key);

/// Refuses a mapping that gives both of two keys that exclude each other.
void refuse_both(const SettingsReader& reader, std::string_view one, std::string_view other);

}  // namespace lockstep
