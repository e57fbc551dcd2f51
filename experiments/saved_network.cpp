#include "experiments/saved_network.hpp"

#include "experiments/training_state.hpp"
#include "experiments/workbench.hpp"
#include "framework/config/overrides.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/storage/run_checkpoints.hpp"

namespace lockstep {
namespace {

// What an experiment needs to be one, for weights that came without.
Value bare_experiment() {
  return read_yaml_text(
      "schema_version: 1\n"
      "data: {dataset: [mnist, fashion_mnist], validation: 0}\n"
      "train: {epochs: 1, batch_size: 64}\n"
      "optimizer: {type: sgd}\n"
      "learning_rate: {schedule: constant, peak: 0.1}\n",
      "the defaults for a file without /experiment");
}

ExperimentConfig config_of(const Checkpoint& checkpoint, const std::filesystem::path& path,
                           const std::vector<std::string>& overrides) {
  Value document = checkpoint.experiment.empty()
                       ? bare_experiment()
                       : read_yaml_text(checkpoint.experiment, path.string() + " (/experiment)");
  document.set("model", read_yaml_text(checkpoint.model, path.string() + " (/model)"));
  for (const std::string& text : overrides) apply_override(document, parse_override(text));
  return parse_experiment(std::move(document), path);
}

}  // namespace

SavedNetwork load_saved_network(const std::filesystem::path& checkpoint_or_run,
                                const std::vector<std::string>& overrides) {
  SavedNetwork network;
  network.path = find_checkpoint(checkpoint_or_run);
  LoadedCheckpoint loaded = read_checkpoint(network.path);
  network.verified = loaded.verified;
  network.config = config_of(loaded.checkpoint, network.path, overrides);
  network.graph = build_graph(network.config.model);
  network.parameters = std::make_unique<ParameterStore>(*network.graph, network.config.seed);
  restore_parameters(loaded.checkpoint, network.path.string(), *network.parameters);
  if (loaded.checkpoint.experiment.empty()) {
    network.data_note =
        "the file has no /experiment, so pixels are scaled to 0..1 and not normalised unless "
        "data.normalize.mean=... data.normalize.std=... say so";
  }
  loaded.checkpoint.parameters.clear();
  loaded.checkpoint.optimizer.clear();
  network.checkpoint = std::move(loaded.checkpoint);
  return network;
}

}  // namespace lockstep
