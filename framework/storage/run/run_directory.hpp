#pragma once

// The folder that a run leaves. Its files are listed in README.md.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/storage/checkpoint/run_checkpoints.hpp"
#include "framework/storage/files/run_lock.hpp"

namespace lockstep {

enum class RunStart {
  fresh,      ///< in a folder that holds nothing yet
  resume,     ///< goes on with the run in the folder, or begins one
  overwrite,  ///< removes the run in the folder first
};

/// Where a run goes.
struct RunRequest {
  std::string name;  ///< of the experiment; names the folder unless `out` is given
  std::optional<std::filesystem::path> out = {};
  RunStart start = RunStart::fresh;
  std::filesystem::path runs = "runs";  ///< holds the folders named after experiments
};

/// How a run ended; also the name of the file that says so.
enum class RunOutcome { done, stopped, failed };

/// "DONE"
std::string_view to_string(RunOutcome outcome);

struct RunEnd {
  RunOutcome outcome = RunOutcome::done;
  int exit_code = 0;
  std::string reason;  ///< one line
};

/// A run's folder, locked from construction to destruction. Only rank 0 has one. Every failure to
/// read or write throws Error (data) with path and reason.
class RunDirectory {
 public:
  /// Finds or makes the folder.
  ///
  /// - fresh: `out`, which must be empty or missing. Without `out`: RUNS/NAME, or the first of
  ///   NAME-2, NAME-3, ... that does not exist.
  /// - resume: `out`. Without `out`: the last of RUNS/NAME, RUNS/NAME-2, ... that exists, or
  ///   RUNS/NAME. The folder is made if it is missing. Files that a killed run has left half
  ///   written are removed.
  /// - overwrite: the same folder as for resume. Only files that a run writes are removed from it.
  ///
  /// @throws Error (usage) if the folder is used (with advice), belongs to something else than a
  ///         run, or is in use by another process (with its name); also if a folder cannot have the
  ///         name
  explicit RunDirectory(const RunRequest& request);

  const std::filesystem::path& path() const { return path_; }
  const RunCheckpoints& checkpoints() const { return checkpoints_; }
  std::filesystem::path journal_path() const { return path_ / "metrics.jsonl"; }
  std::filesystem::path metrics_path() const { return path_ / "metrics.h5"; }

  /// False on file systems without locks, where nothing keeps a second run from this folder.
  bool is_locked() const { return lock_.is_held(); }

  void write_experiment(std::string_view as_given) const;
  void write_resolved(std::string_view yaml) const;

  /// Appends one line, without its line feed, to log.txt.
  void log(std::string_view line);

  /// Records how the run ended, in place of what was recorded before.
  void finish(const RunEnd& end) const;
  /// Removes that record: the run goes on.
  void clear_end() const;

 private:
  std::filesystem::path path_;
  RunLock lock_;
  RunCheckpoints checkpoints_;
  Descriptor log_;
};

/// The folder that a RunDirectory would use. Nothing is made or changed.
/// @throws Error as RunDirectory would; (data) if nothing could be written
std::filesystem::path check_run_folder(const RunRequest& request);

/// Whether a folder looks like a run's: it has a resolved.yaml.
bool is_run_directory(const std::filesystem::path& folder);

/// The resolved experiment of a run. @throws Error (data)
std::string read_resolved(const std::filesystem::path& run);

/// How a run ended; nothing while it goes on, and after a kill.
std::optional<RunEnd> read_run_end(const std::filesystem::path& run);

}  // namespace lockstep
