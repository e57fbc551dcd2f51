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

/// Limits a run's folder to one writer: flock on its file run.lock, which names process and host.
///
/// The system releases the lock when the process ends, however it ends. The file stays. On file
/// systems without locks (some mounts of Lustre) there is none, and `is_held` says so.
class RunLock {
 public:
  /// @throws RunInUse naming the holder when another process has it; Error (data) when the file
  ///         cannot be written.
  explicit RunLock(const std::filesystem::path& folder);
  /// Empties the file and releases the lock.
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  bool is_held() const { return held_; }

  static constexpr const char* kFileName = "run.lock";

 private:
  Descriptor file_;
  bool held_ = false;
};

/// Whether a process writes in a run's folder at this moment; false if there are no locks.
/// @throws Error (data) if the lock's file cannot be read
bool is_run_locked(const std::filesystem::path& folder);

}  // namespace lockstep
