#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>

#include "framework/core/shape.hpp"

namespace lockstep {

/// What is to be trained, in a folder that already is that of a run.
struct TrialLaunch {
  std::size_t number = 0;  ///< of the trial, in the sweep's plan
  std::filesystem::path folder;
  std::filesystem::path said;  ///< the file to which the output of its process is appended
  Index until = 0;             ///< the step to pause after; 0: the last
  int threads = 1;
};

/// A trial that is being trained.
class RunningTrial {
 public:
  virtual ~RunningTrial() = default;

  /// How it ended, if it has ended: the exit code of its training, or -SIGNAL.
  virtual std::optional<int> poll() = 0;
  /// Sends a request: SIGTERM to stop with a checkpoint, SIGUSR2 to save one.
  virtual void send(int signal) const = 0;
};

/// A way to train trials, with the exit code and the bits of `train --resume` in their folders.
class TrialStarter {
 public:
  virtual ~TrialStarter() = default;

  /// @throws Error (data) if it cannot be started
  virtual std::unique_ptr<RunningTrial> start(const TrialLaunch& launch) = 0;
};

}  // namespace lockstep
