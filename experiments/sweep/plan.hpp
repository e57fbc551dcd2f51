#pragma once

// From a sweep file to trials that are checked, named and given their folders.

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
  SweepConfig sweep;  ///< its metric decided
  std::filesystem::path folder;
  std::vector<PlannedTrial> trials;  ///< no two of them the same experiment
  std::size_t repeated = 0;          ///< left out, since another trial is the same experiment
};

/// Reads the sweep and checks every trial, data included; writes nothing.
/// @param words  overrides and lists of the command line
/// @param out    the sweep's folder; empty: sweeps/NAME
/// @throws Error as `train --dry-run` would for any of the trials; (usage) when the folder is no
///         sweep's, or the metric needs a validation set that trials do not have
SweepPlan plan_sweep(const CommandContext& context, const std::string& file,
                     const std::vector<std::string>& words, const std::string& out);

/// Whether all ranks of the job have the same trials, data and program.
/// Collective. @throws CollectiveError (usage)
void check_same_plan(const CommandContext& context, const SweepPlan& plan);

/// Makes the sweep's folder with its sweep.yaml, on rank 0, and looks whether all ranks see it:
/// each host would else train all trials for itself. Collective.
/// @throws CollectiveError (usage, data)
void open_sweep_folder(const CommandContext& context, const SweepPlan& plan);

}  // namespace lockstep
