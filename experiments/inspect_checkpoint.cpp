#include "experiments/inspect_checkpoint.hpp"

#include <fmt/format.h>

#include "experiments/figures.hpp"
#include "experiments/inspect_metrics.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Json tensor_json(const StoredTensor& tensor) {
  const auto extents = tensor.shape.extents();
  return {{"name", tensor.layer + "." + tensor.name},
          {"shape", std::vector<Index>(extents.begin(), extents.end())},
          {"axis_order", tensor.axis_order}};
}

}  // namespace

Json checkpoint_json(const std::filesystem::path& path, const LoadedCheckpoint& loaded) {
  const Checkpoint& checkpoint = loaded.checkpoint;
  Json json = {{"kind", "checkpoint"},
               {"path", path.string()},
               {"verified", loaded.verified},
               {"arithmetic_version", checkpoint.arithmetic_version},
               {"has_experiment", !checkpoint.experiment.empty()}};
  Json tensors = Json::array();
  for (const StoredTensor& tensor : checkpoint.parameters) tensors.push_back(tensor_json(tensor));
  json["parameters"] = tensors;
  Json optimizer = Json::array();
  for (const StoredOptimizerState& state : checkpoint.optimizer) optimizer.push_back(state.name);
  json["optimizer"] = optimizer;
  if (checkpoint.state) {
    const StoredTrainingState& state = *checkpoint.state;
    json["state"] = {{"step", state.step},
                     {"epoch", state.epoch},
                     {"samples_seen", state.samples_seen},
                     {"seed", state.seed},
                     {"digest", state.digest.hex()},
                     {"best", number_or_null(state.best)},
                     {"train_seconds", state.train_seconds}};
  }
  Json provenance = Json::object();
  for (const auto& [key, value] : checkpoint.provenance.entries) {
    std::visit([&, name = key](const auto& fact) { provenance[name] = fact; }, value);
  }
  json["provenance"] = provenance;
  return json;
}

void inspect_checkpoint(const Console& console, const std::filesystem::path& path) {
  const LoadedCheckpoint loaded = read_checkpoint_summary(path);
  const Json json = checkpoint_json(path, loaded);
  if (console.json()) {
    console.json_object(json.dump(2));
    return;
  }
  console.result(console.bold(fmt::format("checkpoint {}", path.string())));
  console.result(loaded.verified ? "integrity  verified: its digest is right"
                                 : "integrity  not verified: the file has no digest of ours");
  if (const auto& state = loaded.checkpoint.state) {
    console.result(fmt::format("step       {} (epoch {:.4g}, {} images seen, seed {})", state->step,
                               state->epoch, state->samples_seen, state->seed));
    console.result(fmt::format("digest     {}", state->digest.hex()));
    console.result(fmt::format("best       validation accuracy {}", percent(state->best)));
  }
  console.result("");
  console.result(console.bold("parameters"));
  Index total = 0;
  for (const StoredTensor& tensor : loaded.checkpoint.parameters) {
    total += tensor.shape.size();
    console.result(fmt::format("  {:<20} {:>14}  {}", tensor.layer + "." + tensor.name,
                               tensor.shape.to_string(), tensor.axis_order));
  }
  console.result(fmt::format("  {:<20} {:>14}", "total", total));
  if (loaded.checkpoint.provenance.entries.empty()) return;
  console.result("");
  console.result(console.bold("provenance"));
  for (const auto& [key, value] : loaded.checkpoint.provenance.entries) {
    console.result(fmt::format("  {:<16} {}", key, to_text(value)));
  }
}

}  // namespace lockstep
