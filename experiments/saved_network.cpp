#include "experiments/saved_network.hpp"

#include "experiments/stored_experiment.hpp"
#include "experiments/training_state.hpp"
#include "experiments/workbench.hpp"
#include "framework/storage/run_checkpoints.hpp"

namespace lockstep {
SavedNetwork load_saved_network(const std::filesystem::path& checkpoint_or_run,
                                const std::vector<std::string>& overrides) {
  SavedNetwork network;
  network.path = find_checkpoint(checkpoint_or_run);
  LoadedCheckpoint loaded = read_checkpoint(network.path);
  network.verified = loaded.verified;
  network.config = experiment_of(loaded.checkpoint, network.path, overrides);
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
