#pragma once

#include "framework/config/experiment_config.hpp"
#include "framework/training/trainer.hpp"

namespace lockstep {

/// What an experiment says to the training loop. @param steps  of the whole run
TrainerSettings trainer_settings_of(const ExperimentConfig& config, Index steps);

}  // namespace lockstep
