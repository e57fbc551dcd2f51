#include "framework/storage/checkpoint/training_state.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

const StoredTensor& find_tensor(const std::vector<StoredTensor>& tensors,
                                const ParameterEntry& entry, const std::string& what) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const StoredTensor& tensor) {
    return tensor.layer == entry.layer && tensor.name == entry.name;
  });
  if (found == tensors.end()) {
    throw Error(errors::kOtherNetwork,
                fmt::format("{} has no {} for layer '{}', which its model needs; the file is not "
                            "of this network.",
                            what, entry.name, entry.layer));
  }
  if (found->shape != entry.shape || found->values.size() != entry.size) {
    throw Error(errors::kOtherNetwork,
                fmt::format("{} holds {}.{} as {}, but the network's is {}; the file is not of "
                            "this network.",
                            what, entry.layer, entry.name, found->shape.to_string(),
                            entry.shape.to_string()));
  }
  return *found;
}

void restore_tensors(const std::vector<StoredTensor>& tensors, const ParameterLayout& layout,
                     const std::string& what, std::span<float> flat) {
  for (const ParameterEntry& entry : layout.entries()) {
    const StoredTensor& tensor = find_tensor(tensors, entry, what);
    std::copy(tensor.values.begin(), tensor.values.end(),
              flat.begin() + static_cast<std::ptrdiff_t>(entry.offset));
  }
}

std::vector<StoredTensor> stored_tensors(const ParameterLayout& layout,
                                         std::span<const float> values) {
  std::vector<StoredTensor> tensors;
  for (const ParameterEntry& entry : layout.entries()) {
    const std::span<const float> tensor = values.subspan(entry.offset, entry.size);
    tensors.push_back({.layer = entry.layer,
                       .name = entry.name,
                       .axis_order = entry.axis_order,
                       .shape = entry.shape,
                       .values = {tensor.begin(), tensor.end()}});
  }
  return tensors;
}

void restore_optimizer(const Checkpoint& checkpoint, const std::string& what,
                       const ParameterLayout& layout, Optimizer& optimizer) {
  for (OptimizerBuffer& buffer : optimizer.buffers()) {
    const auto found =
        std::find_if(checkpoint.optimizer.begin(), checkpoint.optimizer.end(),
                     [&](const StoredOptimizerState& state) { return state.name == buffer.name; });
    if (found == checkpoint.optimizer.end()) {
      throw Error(errors::kOtherNetwork,
                  fmt::format("{} has no optimizer state '{}', which this experiment's optimizer "
                              "needs to go on; the file was written by another optimizer.",
                              what, buffer.name));
    }
    restore_tensors(found->tensors, layout, what, buffer.values.span());
  }
  for (OptimizerScalar& scalar : optimizer.scalars()) {
    const auto found =
        std::find_if(checkpoint.optimizer_scalars.begin(), checkpoint.optimizer_scalars.end(),
                     [&](const auto& stored) { return stored.first == scalar.name; });
    if (found == checkpoint.optimizer_scalars.end()) {
      throw Error(errors::kOtherNetwork, fmt::format("{} has no optimizer number '{}', which this "
                                                     "experiment's optimizer needs to go on.",
                                                     what, scalar.name));
    }
    scalar.value = found->second;
  }
}

void require_same_data(const FoundCheckpoint& found, const TrainingData& data) {
  for (const auto& [key, value] : found.checkpoint.provenance.entries) {
    if (key != kDataDigest || to_text(value) == data.digest.hex()) continue;
    throw Error(errors::kOtherTrainingData,
                fmt::format("The training data of {} have the digest {}, but {} was trained on "
                            "data with the digest {}; give the run its own data again.",
                            data.origin, data.digest.hex(), found.path.string(), to_text(value)));
  }
}

}  // namespace

Checkpoint checkpoint_of(const TrainingState& state) {
  const ParameterLayout& layout = state.parameters.layout();
  const auto steps = static_cast<double>(state.progress.step);
  Checkpoint checkpoint;
  checkpoint.parameters = stored_tensors(layout, state.parameters.values());
  for (const OptimizerBuffer& buffer : state.optimizer.buffers()) {
    checkpoint.optimizer.push_back(
        {.name = buffer.name, .tensors = stored_tensors(layout, buffer.values.span())});
  }
  for (const OptimizerScalar& scalar : state.optimizer.scalars()) {
    checkpoint.optimizer_scalars.emplace_back(scalar.name, scalar.value);
  }
  checkpoint.state =
      StoredTrainingState{.progress = state.progress,
                          .epoch = steps / static_cast<double>(state.steps_per_epoch),
                          .seed = state.seed,
                          .digest = state.parameters.digest()};
  return checkpoint;
}

void restore_parameters(const Checkpoint& checkpoint, const std::string& what,
                        ParameterStore& parameters) {
  restore_tensors(checkpoint.parameters, parameters.layout(), what, parameters.mutable_values());
}

TrainingProgress resume_training(const FoundCheckpoint& found, const TrainingData& data,
                                 const ResumedTraining& training) {
  const std::string what = found.path.string();
  if (!found.checkpoint.state) {
    throw Error(errors::kOtherNetwork,
                fmt::format("{} has no /state, so no training goes on from it; "
                            "take a checkpoint of a run.",
                            what));
  }
  require_same_data(found, data);
  restore_parameters(found.checkpoint, what, training.parameters);
  restore_optimizer(found.checkpoint, what, training.parameters.layout(), training.optimizer);
  return found.checkpoint.state->progress;
}

void share_state(Communicator& communicator, ParameterStore& parameters, Optimizer& optimizer,
                 TrainingProgress& progress) {
  communicator.broadcast(std::as_writable_bytes(parameters.mutable_values()), 0);
  for (OptimizerBuffer& buffer : optimizer.buffers()) {
    communicator.broadcast(std::as_writable_bytes(buffer.values.span()), 0);
  }
  for (OptimizerScalar& scalar : optimizer.scalars()) {
    broadcast_value(communicator, scalar.value, 0);
  }
  broadcast_value(communicator, progress, 0);
}

}  // namespace lockstep
