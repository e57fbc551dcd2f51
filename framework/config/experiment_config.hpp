#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "framework/config/overrides.hpp"
#include "framework/core/settings.hpp"
#include "framework/core/shape.hpp"
#include "framework/training/trainer.hpp"
#include "framework/training/update/optimizer.hpp"
#include "framework/training/update/schedule.hpp"

namespace lockstep {

// What an experiment file says, with every default filled in. README.md of this folder has the
// table of keys; names, units and ranges are the same here.

struct NormalizeConfig {
  std::vector<double> mean = {0.0};  ///< one number for all channels, or one each
  std::vector<double> std = {1.0};   ///< likewise; above 0
};

struct AugmentConfig {
  Index shift = 0;  ///< largest move of an image along each axis, in pixels
};

struct SyntheticConfig {
  Index train = 12000;  ///< samples
  Index test = 2000;
  Index channels = 1;
  Index side = 28;  ///< rows and columns, in pixels
};

struct DataConfig {
  std::vector<std::string> datasets;  ///< the first that is present is taken; never empty
  std::filesystem::path path;         ///< of idx and hdf5: absolute, or empty
  Index validation = 0;               ///< samples split off the front of the training part
  NormalizeConfig normalize;
  AugmentConfig augment;
  SyntheticConfig synthetic;
};

struct TrainConfig {
  double epochs = 0;  ///< length of the run; 0 where it is given in steps
  Index steps = 0;    ///< likewise; exactly one of the two is above 0
  Index batch_size = 0;
  Index micro_batch = 0;
  double clip_norm = 0;       ///< 0: no clipping
  double max_runtime = 0;     ///< seconds until the run stops as on request; 0: no limit
  double step_deadline = 30;  ///< seconds a step may take when ranks wait for it; 0: no limit
};

struct LossConfig {
  std::string type = "softmax_cross_entropy";
  double label_smoothing = 0;
};

struct CheckpointConfig {
  Rhythm rhythm{.every_epochs = 1};  ///< never: after the last step only
  Index keep = 3;                    ///< 0: all
};

struct MetricsConfig {
  Index digest_every_steps = 1;  ///< 0: never
};

struct ExperimentConfig {
  std::string name;
  std::uint64_t seed = 1;
  Value model;  ///< always a mapping, loaded if the file names another; for parse_graph_spec
  DataConfig data;
  TrainConfig train;
  LossConfig loss;
  OptimizerSettings optimizer;
  ScheduleSettings learning_rate;
  Rhythm evaluate{.every_epochs = 1};  ///< never: after the last step only
  CheckpointConfig checkpoint;
  MetricsConfig metrics;
  Value source;  ///< the document that it was read from, which knows where its keys stand

  /// The same experiment, key by key.
  friend bool operator==(const ExperimentConfig& a, const ExperimentConfig& b);
};

/// Reads an experiment file, puts the overrides in ("train.steps=100", see overrides.hpp), loads
/// the model it names, and checks every key but those inside the model (parse_graph_spec does).
/// @throws Error (usage) that begins with file:line:column, or names the override
ExperimentConfig load_experiment(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides = {});

/// The same with overrides that may stand in a file.
ExperimentConfig load_experiment_with(const std::filesystem::path& file,
                                      std::vector<Override> changes);

/// The same from a document in memory; paths in it are relative to the folder of `file`, whose stem
/// is the default name.
ExperimentConfig parse_experiment(Value document, const std::filesystem::path& file);

/// The whole experiment with every default, the model in place and paths absolute: it runs alone,
/// from any folder. parse_experiment gives the same config back.
Value to_value(const ExperimentConfig& config);

/// Where a key such as "data.validation" or "model.layers.f1" was written, or what encloses it
/// where it was left out: "file:line:column: " or "override '...': ", for the beginning of a
/// message; "" for an experiment that was not read from a document.
std::string place_of(const ExperimentConfig& config, std::string_view key);

/// The largest of 64, 32, 16 that cuts the batch into at least 4, else 16: a rule of the batch
/// alone.
Index default_micro_batch(Index batch_size);

/// Length of the run in steps: as given, or epochs times ceil(samples / batch_size) steps, rounded
/// to the nearest number, and at least 1.
Index total_steps(const TrainConfig& train, Index training_samples);

}  // namespace lockstep
