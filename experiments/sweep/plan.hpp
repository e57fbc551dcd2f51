#pragma once

// From a sweep file to trials that are checked, named and assigned to folders.

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/program/command.hpp"
#include "framework/config/sweep_trials.hpp"

namespace lockstep {

struct PlannedTrial {
  std::string name;  ///< of its folder
  std::filesystem::path folder;
  std::vector<TrialSetting> settings;
  ExperimentConfig config;  ///< with the data set that is present
  std::string data_digest;  ///< of its training set
  Index steps = 0;          ///< of the whole run
};

struct SweepPlan {
  SweepConfig sweep;  ///< its metric is decided
  std::filesystem::path folder;
  std::vector<PlannedTrial> trials;  ///< no two are the same experiment
  std::size_t repeated = 0;          ///< left out, because another trial is the same experiment
};

/// Reads the sweep and checks every trial, data included. Writes nothing.
/// @param words  overrides and lists of the command line
/// @param out    the sweep's folder; empty: sweeps/NAME
/// @throws Error as `train --dry-run` would for any of the trials; (usage) if the folder is not
///         that of a sweep, or the metric needs a validation set that trials do not have
SweepPlan plan_sweep(const CommandContext& context, const std::string& file,
                     const std::vector<std::string>& words, const std::string& out);

/// Checks that all ranks of the job have the same trials, data and program. Collective.
/// @throws CollectiveError (usage)
void check_same_plan(const CommandContext& context, const SweepPlan& plan);

/// Makes the sweep's folder with its sweep.yaml, on rank 0, and checks that all ranks see it:
/// otherwise each host would train all trials for itself. Collective.
/// @throws CollectiveError (usage, data)
void open_sweep_folder(const CommandContext& context, const SweepPlan& plan);

}  // namespace lockstep
