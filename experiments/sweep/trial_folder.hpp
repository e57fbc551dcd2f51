#pragma once

// What a sweeper itself does in a trial's folder. Everything else is done by the trial's own
// training.

#include <filesystem>
#include <string>

#include "experiments/sweep/plan.hpp"

namespace lockstep {

/// The file to which the output of a trial's process is appended.
std::filesystem::path words_of(const PlannedTrial& trial);

/// Makes the folder that of a run that has not begun, unless more has been done in it, and makes
/// sure that the output of the trial's process can be written there.
/// @throws RunInUse if another process trains it; whatever else prevents writing in the folder
void prepare_trial(const PlannedTrial& trial);

/// Whether another process trains it, or has trained it since this process looked (up to `until` if
/// that is not 0). False for a folder that cannot be read: prepare_trial reports that.
bool is_others_trial(const PlannedTrial& trial, Index until);

/// Whether any process trains it now; false for a folder that cannot be read.
bool is_trained(const PlannedTrial& trial);

/// @param end  an exit code, or -SIGNAL
std::string why_it_ended(const PlannedTrial& trial, int end);

/// For a trial that could not record in the folder how it ended. @throws as prepare_trial
void record_failure(const PlannedTrial& trial, int end, const std::string& reason);

void remove_words(const PlannedTrial& trial);

/// Removes the output if it is empty, or only says how to go on.
void remove_idle_words(const PlannedTrial& trial, int end);

/// Turns failed trials into interrupted ones, which are run. Trials that another process is
/// training, and trials whose folder cannot be written, stay as they are.
void forget_failures(const SweepPlan& plan);

}  // namespace lockstep
