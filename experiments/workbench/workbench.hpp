#pragma once

// From an experiment's configuration to a network and its data, checked against one another.

#include <memory>
#include <optional>
#include <string>

#include "cluster/host_memory.hpp"
#include "data/catalogue.hpp"
#include "experiments/program/command.hpp"
#include "framework/config/experiment_config.hpp"
#include "framework/graph/graph.hpp"
#include "framework/training/training_setup.hpp"

namespace lockstep {

std::unique_ptr<const Graph> build_graph(const Value& model);

/// Data in memory, possibly the host's, and its splits, which borrow it.
struct Workbench {
  std::unique_ptr<const HostMemory> memory;
  std::unique_ptr<const LoadedData> data;
  DataSplits splits;
};

/// Loads an experiment's data set, once per host, and splits it. Collective.
/// @throws Error (data, usage) on all ranks, also if the images do not fit the network's input or
///         output; it begins with the place where the mistake was written
Workbench load_data(const CommandContext& context, const ExperimentConfig& config,
                    const Graph& graph, DataParts parts);

/// The same for training.
/// @throws Error also (usage) for a network without parameters, (data) for a data set without
///         samples to train on
Workbench load_training_data(const CommandContext& context, const ExperimentConfig& config,
                             const Graph& graph, DataParts parts);

/// The parts of the splits that a training uses. The splits must outlive it.
/// @param splits  with samples to train on
TrainingSets training_sets(const DataSplits& splits);

/// The splits that a training would use, for data in memory.
/// @throws as load_training_data
DataSplits training_splits(const ExperimentConfig& config, const Graph& graph,
                           const LoadedData& data);

/// @throws SettingError (usage) if images of this shape and number of classes do not fit the
///         network
///
void check_fit(const Graph& graph, const ImageSet& images);

}  // namespace lockstep
