#pragma once

// What a bundle is made of: the runs of a folder, and of a sweep its table as it is now.

#include <filesystem>
#include <map>
#include <string>

#include "experiments/results/trial_state.hpp"
#include "framework/storage/run/bundle.hpp"

namespace lockstep {

struct FoundContents {
  BundleContents contents;
  std::map<std::string, TrialState>
      states;  ///< of the runs by name; the index borrows their curves
};

/// The folder of a run or a sweep as it is called: "runs/a" for "runs/a/".
/// @throws Error (data) when there is none, or it is neither's
std::filesystem::path find_bundled_folder(const std::string& given);

/// Reads how far the runs are; their files are left for write_bundle.
/// @throws Error (data) when a sweep has no index that can be read
FoundContents find_contents(const std::filesystem::path& folder);

}  // namespace lockstep
