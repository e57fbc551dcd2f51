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
  std::vector<std::string> remarks;   ///< what the file does not say, and what is assumed instead
  std::vector<std::string> warnings;  ///< parts of the file that are not used
  ExperimentConfig config;  ///< from /experiment; defaults if a file from elsewhere has none
  std::unique_ptr<const Loss> loss;
  Checkpoint checkpoint;  ///< without tensors, which are in `parameters`
  std::unique_ptr<const Graph> graph;
  std::unique_ptr<ParameterStore> parameters;
};

/// Loads a checkpoint, the latest one of a run, or a file from elsewhere with only /model and
/// /parameters. For such a file, pixels are scaled to 0..1 and not normalised, unless an override
/// says so.
/// @param overrides  key.path=value, applied to the experiment before it is read
SavedNetwork load_saved_network(const std::filesystem::path& checkpoint_or_run,
                                const std::vector<std::string>& overrides);

/// Prints on stderr what the user of the file should know.
void tell_about(const SavedNetwork& network, const Console& console);

}  // namespace lockstep
