#pragma once

// How a training goes, in lines for scripts: the keys are those of the metrics, and stay.

#include <string>

#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// @param images_per_second  over the steps since the line before
std::string step_fields(const StepRecord& record, double images_per_second);

/// @param loss  the last step's; `train_loss` is the mean over the epoch
std::string evaluation_fields(const EpochRecord& record, double loss);

}  // namespace lockstep
