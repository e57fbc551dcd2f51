#pragma once

#include "framework/config/experiment_config.hpp"
#include "framework/training/training_setup.hpp"

namespace lockstep {

/// The training that an experiment describes, before its first step: over as many steps as the
/// experiment says for the training data.
/// @param graph  of the experiment's model; outlives the result, as the data sets do
TrainingSetup training_of(const ExperimentConfig& config, const Graph& graph,
                          const TrainingSets& data);

}  // namespace lockstep
