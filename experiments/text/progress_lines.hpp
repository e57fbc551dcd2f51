#pragma once

// Progress of a training as lines for scripts. The keys are those of the metrics and never change.

#include <string>

#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// @param images_per_second  over the steps since the previous line
std::string step_fields(const StepRecord& record, double images_per_second);

/// @param loss  of the last step; `train_loss` is the mean over the epoch
std::string evaluation_fields(const EpochRecord& record, double loss);

}  // namespace lockstep
