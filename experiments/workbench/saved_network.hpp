#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "experiments/program/console.hpp"
#include "framework/config/experiment_config.hpp"
#include "framework/graph/parameter_store.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"

namespace lockstep {

/// A network as a checkpoint file holds it, ready to compute.
struct SavedNetwork {
  std::filesystem::path path;         ///< of the checkpoint file
  bool verified = false;              ///< the file had our digest, and it was right
  std::vector<std::string> remarks;   ///< what the file does not say and how that is taken
  std::vector<std::string> warnings;  ///< what of the file is not used
  ExperimentConfig config;  ///< from /experiment; defaults where a file from elsewhere has none
  std::unique_ptr<const Loss> loss;
  Checkpoint checkpoint;  ///< without tensors: they are in `parameters`
  std::unique_ptr<const Graph> graph;
  std::unique_ptr<ParameterStore> parameters;
};

/// Loads a checkpoint, the latest one of a run, or a file from elsewhere with only /model and
/// /parameters, whose pixels are then scaled to 0..1 and not normalised unless an override says so.
/// @param overrides  key.path=value, put into the experiment before it is read
SavedNetwork load_saved_network(const std::filesystem::path& checkpoint_or_run,
                                const std::vector<std::string>& overrides);

/// Says on stderr what the file's user should know.
void tell_about(const SavedNetwork& network, const Console& console);

}  // namespace lockstep
