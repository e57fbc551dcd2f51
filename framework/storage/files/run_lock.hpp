#pragma once

#include <filesystem>
#include <string>

#include "framework/core/error.hpp"
#include "framework/storage/files/descriptor.hpp"

namespace lockstep {

/// Another process writes in a run's folder: Error (usage).
class RunInUse : public Error {
 public:
  explicit RunInUse(const std::string& message) : Error(errors::kRunInUse, message) {}
};

/// Keeps a run's folder to one writer: flock on its file run.lock, with process and host inside.
///
/// The system lets go of it when the process ends, however it ends; the file stays. On file systems
/// that know no locks (some of Lustre's mounts) there is none, and `is_held` says so.
class RunLock {
 public:
  /// @throws RunInUse naming the holder when another process has it; Error (data) when the file
  ///         cannot be written.
  explicit RunLock(const std::filesystem::path& folder);
  /// Empties the file and lets go.
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  bool is_held() const { return held_; }

  static constexpr const char* kFileName = "run.lock";

 private:
  Descriptor file_;
  bool held_ = false;
};

/// Whether a process writes in a run's folder at this moment; false where there are no locks.
/// @throws Error (data) when the lock's file cannot be read
bool is_run_locked(const std::filesystem::path& folder);

}  // namespace lockstep
