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
  fresh,      ///< a folder that holds nothing yet
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

/// A run's folder, held by a lock from construction to destruction. Rank 0 alone has one.
/// Every failure to read or write throws Error (data) with path and reason.
class RunDirectory {
 public:
  /// Finds or makes the folder.
  ///
  /// fresh: `out`, which must not hold anything; or RUNS/NAME, or, where that exists, NAME-2,
  /// NAME-3... resume: `out`, or the last of RUNS/NAME, NAME-2, ... that exist; made when missing.
  /// What a killed
  ///   run has left half written is removed.
  /// overwrite: the same folder as for resume; only files that a run writes are removed from it.
  /// @throws Error (usage): the folder is used (says what to do), is no run's, or is in use by
  /// another
  ///         process (says which); the name does not suit a folder.
  explicit RunDirectory(const RunRequest& request);

  const std::filesystem::path& path() const { return path_; }
  const RunCheckpoints& checkpoints() const { return checkpoints_; }
  std::filesystem::path journal_path() const { return path_ / "metrics.jsonl"; }
  std::filesystem::path metrics_path() const { return path_ / "metrics.h5"; }

  /// False on file systems without locks: nothing keeps a second run from this folder.
  bool is_locked() const { return lock_.is_held(); }

  void write_experiment(std::string_view as_given) const;
  void write_resolved(std::string_view yaml) const;

  /// Appends one line, without its line feed, to log.txt.
  void log(std::string_view line);

  /// Says how the run ended, instead of what was said before.
  void finish(const RunEnd& end) const;
  /// The run goes on: it has not ended.
  void clear_end() const;

 private:
  std::filesystem::path path_;
  RunLock lock_;
  RunCheckpoints checkpoints_;
  Descriptor log_;
};

/// The folder that a RunDirectory would be made for. Nothing is made or changed.
/// @throws Error as RunDirectory would; (data) where nothing could be written
std::filesystem::path check_run_folder(const RunRequest& request);

/// Whether a folder looks like a run's: it has a resolved.yaml.
bool is_run_directory(const std::filesystem::path& folder);

/// The resolved experiment of a run. @throws Error (data)
std::string read_resolved(const std::filesystem::path& run);

/// How a run ended; nothing while it goes on or after a kill.
std::optional<RunEnd> read_run_end(const std::filesystem::path& run);

}  // namespace lockstep
