#pragma once

// What a sweeper does in a trial's folder itself; the rest is the trial's own training.

#include <filesystem>
#include <string>

#include "experiments/sweep/plan.hpp"

namespace lockstep {

/// The file that what a trial says is appended to.
std::filesystem::path words_of(const PlannedTrial& trial);

/// Makes the folder a run's that has not begun, unless somebody has done more, and sees that what
/// the trial says can be written there.
/// @throws RunInUse when somebody trains it; whatever else hinders to write in the folder
void prepare_trial(const PlannedTrial& trial);

/// Whether somebody else trains it, or has since this process looked, up to `until` where that is
/// not 0. Not of a folder that cannot be read, as prepare_trial will tell.
bool is_others_trial(const PlannedTrial& trial, Index until);

/// Whether somebody trains it now; not of a folder that cannot be read.
bool is_trained(const PlannedTrial& trial);

/// @param end  an exit code, or -SIGNAL
std::string why_it_ended(const PlannedTrial& trial, int end);

/// For a trial that could not say in the folder how it ended. @throws as prepare_trial
void record_failure(const PlannedTrial& trial, int end, const std::string& reason);

void remove_words(const PlannedTrial& trial);

/// Removes them where nothing was said, or only how to go on.
void remove_idle_words(const PlannedTrial& trial, int end);

/// Makes trials that failed ones that were interrupted, which are run. Those that somebody trains
/// stay as they are, and those whose folder cannot be written.
void forget_failures(const SweepPlan& plan);

}  // namespace lockstep
