#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "framework/config/overrides.hpp"
#include "framework/core/settings.hpp"
#include "framework/core/shape.hpp"
#include "framework/training/trainer.hpp"

namespace lockstep {

// An experiment file with every default filled in. README.md of this folder has the table of keys;
// names, units and ranges are the same here.

struct TrainConfig {
  double epochs = 0;  ///< length of the run; 0 if it is given in steps
  Index steps = 0;    ///< likewise; exactly one of the two is above 0
  Index batch_size = 0;
  Index micro_batch = 0;
  double clip_norm = 0;       ///< 0: no clipping
  double max_runtime = 0;     ///< seconds after which the run stops as if asked to; 0: no limit
  double step_deadline = 30;  ///< seconds that one of several ranks may stand still; 0: no limit
};

struct CheckpointConfig {
  Rhythm rhythm{.every_epochs = 1};  ///< never: only after the last step
  Index keep = 3;                    ///< 0: all
};

struct MetricsConfig {
  Index digest_every_steps = 1;  ///< 0: never
};

struct ExperimentConfig {
  std::string name;
  std::uint64_t seed = 1;
  Value model;  ///< always a mapping, loaded if the experiment names a file; for parse_graph_spec
  Value data;   ///< as written, but with an absolute path; for read_data_section
  TrainConfig train;
  Value loss;                          ///< `type` and all settings of that type; for make_loss
  Value optimizer;                     ///< the section with every default, for make_optimizer
  Value learning_rate;                 ///< likewise a mapping, for make_schedule
  Rhythm evaluate{.every_epochs = 1};  ///< never: only after the last step
  CheckpointConfig checkpoint;
  MetricsConfig metrics;
  // The sections above as they were read, with every default: what to_value writes.
  Value train_settings;
  Value evaluate_settings;
  Value checkpoint_settings;
  Value metrics_settings;
  Value source;  ///< the document it was read from, which knows where its keys were written

  /// The same experiment, key by key.
  friend bool operator==(const ExperimentConfig& a, const ExperimentConfig& b);
};

/// Where a key belongs that is unknown where it was found, such as "under train:"; "" for a key of
/// no section. Names that other trainers use ("lr") lead to ours. Keys of the section `data` are
/// unknown here: whoever reads that section knows them.
std::string where_it_belongs(std::string_view key);

/// Reads an experiment file, applies the overrides ("train.steps=100", see overrides.hpp), loads
/// the model it names, and checks every key except those inside the model (parse_graph_spec does
/// that).
/// @param elsewhere  says where misplaced keys belong
/// @throws Error (usage) that begins with file:line:column, or names the override
ExperimentConfig load_experiment(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides = {},
                                 SettingsReader::Elsewhere elsewhere = where_it_belongs);

/// The same with overrides that may come from a file.
ExperimentConfig load_experiment_with(const std::filesystem::path& file,
                                      std::vector<Override> changes,
                                      SettingsReader::Elsewhere elsewhere = where_it_belongs);

/// The same for a document in memory. Paths in it are relative to the folder of `file`, whose stem
/// is the default name.
ExperimentConfig parse_experiment(Value document, const std::filesystem::path& file,
                                  SettingsReader::Elsewhere elsewhere = where_it_belongs);

/// The whole experiment with every default, the model in place and absolute paths: it runs alone,
/// from any folder. parse_experiment makes the same config from it. `model` and `data` are written
/// as they are in `config`, so callers that know their defaults fill those in first. Of the other
/// sections the `settings` are written, not the numbers beside them.
Value to_value(const ExperimentConfig& config);

/// Where a key such as "data.validation" or "model.layers.f1" was written, or what encloses it if
/// it was left out, for the beginning of a message: "file:line:column: " or "override '...': ". ""
/// for an experiment that was not read from a document.
std::string place_of(const ExperimentConfig& config, std::string_view key);

/// The largest of 64, 32 and 16 that cuts the batch into at least 4 micro-batches, else 16. It
/// depends on the batch alone.
Index default_micro_batch(Index batch_size);

/// Length of the run in steps, at least 1: as given, or epochs times ceil(samples / batch_size),
/// rounded to the nearest number.
Index total_steps(const TrainConfig& train, Index training_samples);

}  // namespace lockstep
