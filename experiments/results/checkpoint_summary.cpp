#include "experiments/results/checkpoint_summary.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/results/metrics_summary.hpp"
#include "experiments/text/figures.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kNameColumns = 20;

struct Statistics {
  double mean = 0;
  double rms = 0;  // root mean square
  double min = 0;
  double max = 0;
};

// No tensor is empty.
Statistics statistics_of(const std::vector<float>& values) {
  double sum = 0;
  double squares = 0;
  for (const float value : values) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const auto count = static_cast<double>(values.size());
  const auto [min, max] = std::ranges::minmax_element(values);
  return {.mean = sum / count, .rms = std::sqrt(squares / count), .min = *min, .max = *max};
}

// Statistics are included only if the values were read.
Json tensor_json(const StoredTensor& tensor) {
  const auto extents = tensor.shape.extents();
  Json json = {{"name", tensor.layer + "." + tensor.name},
               {"shape", std::vector<Index>(extents.begin(), extents.end())},
               {"axis_order", tensor.axis_order}};
  if (tensor.values.empty()) return json;
  const Statistics found = statistics_of(tensor.values);
  json.update({{"mean", found.mean}, {"rms", found.rms}, {"min", found.min}, {"max", found.max}});
  return json;
}

std::string tensor_line(const StoredTensor& tensor) {
  const Statistics found = statistics_of(tensor.values);
  return fmt::format("{:<20} {:>14} {:>4} {:>9.3g} {:>9.3g} {:>9.3g} {:>9.3g}",
                     shortened(tensor.layer + "." + tensor.name, kNameColumns),
                     tensor.shape.to_string(), tensor.axis_order, found.mean, found.rms, found.min,
                     found.max);
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
    json["state"] = {{"step", state.progress.step},
                     {"epoch", state.epoch},
                     {"samples_seen", state.progress.samples_seen},
                     {"seed", state.seed},
                     {"digest", state.digest.hex()},
                     {"best", number_or_null(state.best())},
                     {"train_seconds", state.progress.train_seconds}};
  }
  Json provenance = Json::object();
  for (const auto& [key, value] : checkpoint.provenance.entries) {
    std::visit([&, name = key](const auto& fact) { provenance[name] = fact; }, value);
  }
  json["provenance"] = provenance;
  return json;
}

void inspect_checkpoint(const Console& console, const std::filesystem::path& path) {
  const LoadedCheckpoint loaded = read_checkpoint(path);
  const Json json = checkpoint_json(path, loaded);
  if (console.json()) {
    console.json_object(json.dump(2));
    return;
  }
  console.result(console.bold(fmt::format("checkpoint {}", path.string())));
  console.result(loaded.verified ? "integrity  verified: its digest is right"
                                 : "integrity  not verified: the file has no digest of ours");
  if (const auto& state = loaded.checkpoint.state) {
    console.result(fmt::format("step       {} (epoch {:.4g}, {} images seen, seed {})",
                               state->progress.step, state->epoch, state->progress.samples_seen,
                               state->seed));
    console.result(fmt::format("digest     {}", state->digest.hex()));
    console.result(fmt::format("best       validation accuracy {}", percent(state->best())));
  }
  console.result("");
  console.result(
      console.bold(fmt::format("{:<20} {:>14} {:>4} {:>9} {:>9} {:>9} {:>9}", "parameters", "shape",
                               "axes", "mean", "rms", "min", "max")));
  Index total = 0;
  for (const StoredTensor& tensor : loaded.checkpoint.parameters) {
    total += tensor.shape.size();
    console.result(tensor_line(tensor));
  }
  console.result(fmt::format("{:<20} {:>14}", "total", total));
  if (loaded.checkpoint.provenance.entries.empty()) return;
  console.result("");
  console.result(console.bold("provenance"));
  for (const auto& [key, value] : loaded.checkpoint.provenance.entries) {
    console.result(fmt::format("  {:<16} {}", key, to_text(value)));
  }
}

}  // namespace lockstep
