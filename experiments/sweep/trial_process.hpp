#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/sweep/trial_starter.hpp"

namespace lockstep {

/// This program once more, as a process of its own with other arguments, that ends with this one:
/// when this process is gone, however it went, the other is sent SIGTERM by the system.
///
/// It knows nothing of a launcher of this one: variables of Open MPI, PMIx, PMI and Slurm are left
/// out of its environment. Its results are thrown away, and what it says is appended to a file.
/// Threading contract: made by the main thread, whose end counts as the process's.
class TrialProcess final : public RunningTrial {
 public:
  /// @param said  the file
  /// @throws Error (data) when the file cannot be written or no process be started
  TrialProcess(const std::vector<std::string>& arguments, const std::filesystem::path& said);
  /// Asks it to stop, and waits.
  ~TrialProcess() override;
  TrialProcess(const TrialProcess&) = delete;
  TrialProcess& operator=(const TrialProcess&) = delete;

  std::optional<int> poll() override;
  void send(int signal) const override;

 private:
  pid_t pid_;
  std::optional<int> end_;

  void wait(int options);
};

}  // namespace lockstep
