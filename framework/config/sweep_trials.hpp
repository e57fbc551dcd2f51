#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/config/experiment_config.hpp"
#include "framework/config/sweep_config.hpp"
#include "framework/core/digest.hpp"

namespace lockstep {

/// A setting in which trials differ.
struct TrialSetting {
  std::string key;
  Value value;
};

struct SweepTrial {
  std::vector<TrialSetting> settings;  ///< the sweep's parameters in order; seed where it repeats
  ExperimentConfig config;
};

/// All trials in order. In a grid the first parameter changes slowest, the seed of repetitions
/// fastest. A draw depends on the sweep's seed, the key and its number alone, so a larger run_cap
/// or another parameter does not change it.
/// @throws Error (usage) for the first trial whose experiment is refused; it names the trial
std::vector<SweepTrial> sweep_trials(const SweepConfig& sweep,
                                     SettingsReader::Elsewhere elsewhere = where_it_belongs);

/// The digest of a resolved experiment, without keys that cannot change its results (names, paths,
/// limits of time, how often it evaluates and saves) and without later keys at their defaults; see
/// identity_document.
/// @param kept  a key that counts although no result depends on it, because a sweep varies it
Digest identity_of(const ExperimentConfig& config, const std::vector<TrialSetting>& kept = {});

/// "momentum=0.9_peak=0.05_0123456789ab": the settings, with keys shortened as far as they stay
/// distinct, and the first digits of the identity.
std::string trial_name(const std::vector<TrialSetting>& settings, const Digest& identity);

/// "optimizer.momentum=0.9, seed=2"
std::string to_text(const std::vector<TrialSetting>& settings);

/// The end of the names of all folders of a trial: "0123456789ab".
std::string short_identity(const Digest& identity);

}  // namespace lockstep
