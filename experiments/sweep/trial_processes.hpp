#pragma once

#include <memory>

#include "experiments/sweep/trial_starter.hpp"

namespace lockstep {

/// Each trial as a process of its own, on this machine.
class TrialProcesses final : public TrialStarter {
 public:
  std::unique_ptr<RunningTrial> start(const TrialLaunch& launch) override;
};

}  // namespace lockstep
