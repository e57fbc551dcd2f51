#include "experiments/run/resume.hpp"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/results/stored_experiment.hpp"
#include "framework/config/config_difference.hpp"
#include "framework/core/error.hpp"
#include "framework/graph/graph.hpp"

namespace lockstep {
namespace {

// The keys that differ and must not.
std::vector<std::string> refused_keys(ExperimentConfig recorded, const ExperimentConfig& config) {
  // Layers' defaults that one of the two leaves out are no difference.
  recorded.model = to_value(Graph(parse_graph_spec(recorded.model)));
  std::vector<std::string> keys = differing_keys(recorded, config);
  std::erase_if(keys, [&](const std::string& key) { return may_change_on_resume(config, key); });
  return keys;
}

}  // namespace

void check_same_experiment(const std::filesystem::path& run, const ExperimentConfig& config) {
  const std::vector<std::string> keys = refused_keys(read_resolved_experiment(run), config);
  if (keys.empty()) return;
  throw Error(ErrorKind::usage,
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
  const std::vector<std::string> keys = refused_keys(experiment_of(checkpoint, found.path), config);
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

void check_same_training_data(const FoundCheckpoint& found, const Digest& digest,
                              const std::string& origin) {
  for (const auto& [key, value] : found.checkpoint.provenance.entries) {
    if (key != "data_digest" || to_text(value) == digest.hex()) continue;
    throw Error(ErrorKind::data,
                fmt::format("The training data of {} have the digest {}, but {} was trained on "
                            "data with the digest {}; give the run its own data again.",
                            origin, digest.hex(), found.path.string(), to_text(value)));
  }
}

}  // namespace lockstep
