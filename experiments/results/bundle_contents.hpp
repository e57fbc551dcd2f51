#pragma once

// The contents of a bundle: the runs of a folder and, for a sweep, its table in the current state.

#include <filesystem>
#include <map>
#include <string>

#include "experiments/results/trial_state.hpp"
#include "framework/storage/run/bundle.hpp"

namespace lockstep {

struct FoundContents {
  BundleContents contents;
  std::map<std::string, TrialState>
      states;  ///< states of the runs by name; the index borrows their curves
};

/// The folder of a run or a sweep under its proper name: "runs/a" for "runs/a/".
/// @throws Error (data) if there is none, or if it belongs to something else
std::filesystem::path find_bundled_folder(const std::string& given);

/// Reads how far the runs are. Their files are left for write_bundle.
/// @throws Error (data) if a sweep has no index that can be read
FoundContents find_contents(const std::filesystem::path& folder);

}  // namespace lockstep
