#pragma once

// Bundles: a run, or a sweep with all its runs, as one plain HDF5 file that needs no other file.
// README.md describes the layout.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "framework/storage/files/atomic_file.hpp"
#include "framework/storage/run/sweep_index.hpp"

namespace lockstep {

/// Which checkpoints of a run are packed.
enum class BundledCheckpoints {
  named,  ///< those that the run calls latest and best
  latest,
  best,
  all,
  none,
};

struct BundledRun {
  std::string name;  ///< of its group in /runs
  std::filesystem::path folder;
  std::string status;  ///< "done"
};

struct BundledSweep {
  std::string yaml;  ///< contents of its file sweep.yaml
  SweepIndex index;
};

struct BundleContents {
  std::string name;
  std::string version;  ///< of the program
  std::vector<BundledRun> runs;
  std::optional<BundledSweep> sweep = {};
  BundledCheckpoints checkpoints = BundledCheckpoints::named;
};

struct BundleResult {
  std::size_t checkpoints = 0;
  std::int64_t bytes = 0;
  std::vector<std::string> problems;  ///< sentences about metrics that cannot be read
};

/// Replaces `path` by a bundle: written aside, read again to the last value, synced, renamed. Each
/// checkpoint is verified by its digest before it is packed. Runs may be going on.
/// @throws Error (data) if a checkpoint is damaged or something cannot be read or written. What had
///         the name before is then untouched.
BundleResult write_bundle(const std::filesystem::path& path, const BundleContents& contents,
                          const WriteOptions& options = {});

/// One run of a bundle.
struct BundledRunSummary {
  std::string name;
  std::string status;
  std::int64_t steps = 0;
  std::vector<std::string> checkpoints;  ///< "step_00000860"
};

struct BundleSummary {
  std::string kind;  ///< "run" or "sweep"
  std::string name;
  std::string version;
  std::vector<BundledRunSummary> runs;
};

/// Whether a file says that it is a bundle. @throws Error (data) if it is missing or not HDF5
bool is_bundle(const std::filesystem::path& path);

/// @throws Error (data) if it is missing, not HDF5, no bundle, damaged, or of a newer version
BundleSummary read_bundle_summary(const std::filesystem::path& path);

}  // namespace lockstep
