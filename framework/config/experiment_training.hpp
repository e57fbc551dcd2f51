#pragma once

#include "framework/config/experiment_config.hpp"
#include "framework/training/training_setup.hpp"

namespace lockstep {

/// The training that an experiment describes, before its first step. Its length in steps follows
/// from the experiment and the training data.
/// @param graph  of the experiment's model; outlives the result, as do the data sets
TrainingSetup training_of(const ExperimentConfig& config, const Graph& graph,
                          const TrainingSets& data);

}  // namespace lockstep
