#include "experiments/results/stored_experiment.hpp"

#include <string_view>

#include <fmt/format.h>

#include "experiments/program/experiment_file.hpp"
#include "framework/config/overrides.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/error.hpp"
#include "framework/graph/graph.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {
namespace {

// Completes weights that came without an experiment.
constexpr std::string_view kBareExperiment =
    "schema_version: 1\n"
    "data: {dataset: [mnist, fashion_mnist], validation: 0}\n"
    "train: {epochs: 1, batch_size: 64}\n"
    "optimizer: {type: sgd}\n"
    "learning_rate: {schedule: constant, peak: 0.1}\n";

// Runs something that reads a stored text. If it fails, the text counts as damaged.
template <class Reading>
auto read_stored(std::string_view advice, const Reading& reading) {
  try {
    return reading();
  } catch (const Error& error) {
    std::string reason = error.what();
    if (reason.ends_with('.')) reason.pop_back();
    throw Error(errors::kDamagedFile, fmt::format("{}: this text in a stored file is damaged or of "
                                                  "another version of Lockstep; {}.",
                                                  reason, advice));
  }
}

Value document_of(const Checkpoint& checkpoint, const std::string& file) {
  Value document = read_yaml_text(
      checkpoint.experiment.empty() ? kBareExperiment : std::string_view(checkpoint.experiment),
      file + " (/experiment)");
  document.set("model", read_yaml_text(checkpoint.model, file + " (/model)"));
  return document;
}

}  // namespace

ExperimentConfig read_resolved_experiment(const std::filesystem::path& run) {
  return read_stored(
      "put the text /experiment of one of the run's checkpoints in its place, or begin anew with "
      "--overwrite",
      [&] {
        const std::filesystem::path file = run / "resolved.yaml";
        return complete(parse_experiment(read_yaml_text(read_resolved(run), file.string()), file));
      });
}

ExperimentConfig experiment_of(const Checkpoint& checkpoint, const std::filesystem::path& file,
                               const std::vector<std::string>& overrides) {
  Value document;
  const auto stored = read_stored("take another checkpoint, or repair the text", [&] {
    document = document_of(checkpoint, file.string());
    ExperimentConfig config = complete(parse_experiment(document, file));
    const Graph graph(parse_graph_spec(config.model));
    return config;
  });
  if (overrides.empty()) return stored;
  for (const std::string& text : overrides) apply_override(document, parse_override(text));
  return complete(parse_experiment(std::move(document), file));
}

}  // namespace lockstep
