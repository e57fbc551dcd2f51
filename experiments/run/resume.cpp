#include "experiments/run/resume.hpp"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/results/stored_experiment.hpp"
#include "framework/config/config_difference.hpp"
#include "framework/core/error.hpp"

namespace lockstep {

void check_same_experiment(const std::filesystem::path& run, const ExperimentConfig& config) {
  const std::vector<std::string> keys =
      keys_refused_on_resume(read_resolved_experiment(run), config);
  if (keys.empty()) return;
  throw Error(errors::kOtherConfiguration,
              fmt::format("The run in {} was made by another configuration, so going on would not "
                          "be the same run; these keys differ: {}; give them the values of its "
                          "resolved.yaml, or start a new run with another --out.",
                          run.string(), fmt::join(keys, ", ")));
}

std::optional<std::string> why_of_another_run(const FoundCheckpoint& found,
                                              const ExperimentConfig& config) {
  const std::string file = found.path.string();
  const Checkpoint& checkpoint = found.checkpoint;
  if (checkpoint.experiment.empty()) return fmt::format("{} has no /experiment", file);
  const std::vector<std::string> keys =
      keys_refused_on_resume(experiment_of(checkpoint, found.path), config);
  if (!keys.empty()) {
    return fmt::format("{} is of another run, whose experiment differs in {}", file,
                       fmt::join(keys, ", "));
  }
  if (checkpoint.state->seed != config.seed) {
    return fmt::format("{} is of another run, whose seed is {}, not {}", file,
                       checkpoint.state->seed, config.seed);
  }
  return {};
}

}  // namespace lockstep
