#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/sweep/trial_starter.hpp"

namespace lockstep {

/// This program once more, as a separate process with other arguments, that ends with this one:
/// when this process is gone, for whatever reason, the system sends SIGTERM to the other.
///
/// It knows nothing of this process's launcher: variables of Open MPI, PMIx, PMI and Slurm are
/// removed from its environment. Its results are discarded, and what it prints on stderr is
/// appended to a file.
/// Threading contract: made by the main thread, whose end counts as the end of the process.
class TrialProcess final : public RunningTrial {
 public:
  /// @param said  the file for its output
  /// @throws Error (data) if the file cannot be written or the process cannot be started
  TrialProcess(const std::vector<std::string>& arguments, const std::filesystem::path& said);
  /// Asks it to stop, and waits for it.
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
