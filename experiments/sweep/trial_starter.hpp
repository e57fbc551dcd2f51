#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>

#include "framework/core/shape.hpp"

namespace lockstep {

/// What is to be trained, in a folder that is a run's already.
struct TrialLaunch {
  std::size_t number = 0;  ///< of the trial, in the sweep's plan
  std::filesystem::path folder;
  std::filesystem::path said;  ///< the file that what it says is appended to
  Index until = 0;             ///< the step to pause after; 0: the last
  int threads = 1;
};

/// A trial that somebody trains.
class RunningTrial {
 public:
  virtual ~RunningTrial() = default;

  /// How it ended, if it has: the exit code of its training, or -SIGNAL.
  virtual std::optional<int> poll() = 0;
  /// A request: SIGTERM to stop with a checkpoint, SIGUSR2 to save one.
  virtual void send(int signal) const = 0;
};

/// How trials are trained: with the code and the bits of `train --resume` in their folders.
class TrialStarter {
 public:
  virtual ~TrialStarter() = default;

  /// @throws Error (data) when it cannot be started
  virtual std::unique_ptr<RunningTrial> start(const TrialLaunch& launch) = 0;
};

}  // namespace lockstep
