#include "experiments/sweep/trial_processes.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "experiments/sweep/trial_process.hpp"

namespace lockstep {

std::unique_ptr<RunningTrial> TrialProcesses::start(const TrialLaunch& launch) {
  const std::string folder = launch.folder.string();
  std::vector<std::string> words = {
      "train",     folder + "/resolved.yaml",        "--out", folder, "--resume", "--quiet",
      "--threads", fmt::format("{}", launch.threads)};
  if (launch.until > 0) words.insert(words.end(), {"--until", fmt::format("{}", launch.until)});
  return std::make_unique<TrialProcess>(words, launch.said);
}

}  // namespace lockstep
