#include "experiments/workbench/saved_network.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/results/stored_experiment.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/storage/checkpoint/run_checkpoints.hpp"
#include "framework/storage/checkpoint/training_state.hpp"

namespace lockstep {
namespace {

std::vector<std::string> remarks_on(const LoadedCheckpoint& loaded) {
  std::vector<std::string> remarks;
  if (!loaded.verified) remarks.emplace_back("the file is not verified: it has no digest of ours");
  if (loaded.checkpoint.experiment.empty()) {
    remarks.emplace_back(
        "the file has no /experiment, so pixels are scaled to 0..1 and not normalised unless "
        "data.normalize.mean=... data.normalize.std=... say so");
  }
  return remarks;
}

std::vector<std::string> unused_tensors(const Checkpoint& checkpoint,
                                        const ParameterLayout& layout) {
  std::vector<std::string> names;
  for (const StoredTensor& tensor : checkpoint.parameters) {
    const auto same = [&tensor](const ParameterEntry& entry) {
      return entry.layer == tensor.layer && entry.name == tensor.name;
    };
    if (std::ranges::none_of(layout.entries(), same)) {
      names.push_back(fmt::format("{}.{}", tensor.layer, tensor.name));
    }
  }
  if (names.empty()) return {};
  return {
      fmt::format("no layer of the model uses {}; look whether the model and the weights "
                  "belong together.",
                  fmt::join(names, ", "))};
}

}  // namespace

SavedNetwork load_saved_network(const std::filesystem::path& checkpoint_or_run,
                                const std::vector<std::string>& overrides) {
  SavedNetwork network;
  network.path = find_checkpoint(checkpoint_or_run);
  LoadedCheckpoint loaded = read_checkpoint(network.path);
  network.verified = loaded.verified;
  network.config = experiment_of(loaded.checkpoint, network.path, overrides);
  network.loss = make_loss(network.config.loss);
  network.graph = build_graph(network.config.model);
  network.parameters = std::make_unique<ParameterStore>(*network.graph, network.config.seed);
  restore_parameters(loaded.checkpoint, network.path.string(), *network.parameters);
  network.remarks = remarks_on(loaded);
  network.warnings = unused_tensors(loaded.checkpoint, network.parameters->layout());
  loaded.checkpoint.parameters.clear();
  loaded.checkpoint.optimizer.clear();
  network.checkpoint = std::move(loaded.checkpoint);
  return network;
}

void tell_about(const SavedNetwork& network, const Console& console) {
  for (const std::string& remark : network.remarks) console.remark(remark);
  for (const std::string& warning : network.warnings) console.warning(warning);
}

}  // namespace lockstep
