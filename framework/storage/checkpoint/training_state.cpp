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
    throw Error(ErrorKind::data,
                fmt::format("{} has no {} for layer '{}', which its model needs; the file is not "
                            "of this network.",
                            what, entry.name, entry.layer));
  }
  if (found->shape != entry.shape || found->values.size() != entry.size) {
    throw Error(ErrorKind::data,
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

}  // namespace

std::vector<StoredTensor> store_tensors(const ParameterLayout& layout,
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

void store_optimizer(const Optimizer& optimizer, const ParameterLayout& layout,
                     Checkpoint& checkpoint) {
  for (const OptimizerBuffer& buffer : optimizer.buffers()) {
    checkpoint.optimizer.push_back(
        {.name = buffer.name, .tensors = store_tensors(layout, buffer.values.span())});
  }
  for (const OptimizerScalar& scalar : optimizer.scalars()) {
    checkpoint.optimizer_scalars.emplace_back(scalar.name, scalar.value);
  }
}

StoredTrainingState store_progress(const TrainingProgress& progress, Index steps_per_epoch,
                                   std::uint64_t seed, const Digest& digest) {
  return {.step = progress.step,
          .epoch = static_cast<double>(progress.step) / static_cast<double>(steps_per_epoch),
          .samples_seen = progress.samples_seen,
          .seed = seed,
          .digest = digest,
          .best = progress.best_step == 0 ? kNotMeasured : progress.best_accuracy,
          .best_step = progress.best_step,
          .train_seconds = progress.train_seconds,
          .epoch_samples = progress.epoch_samples,
          .epoch_correct = progress.epoch_correct,
          .epoch_loss = progress.epoch_loss};
}

void restore_parameters(const Checkpoint& checkpoint, const std::string& what,
                        ParameterStore& parameters) {
  restore_tensors(checkpoint.parameters, parameters.layout(), what, parameters.mutable_values());
}

void restore_optimizer(const Checkpoint& checkpoint, const std::string& what,
                       const ParameterLayout& layout, Optimizer& optimizer) {
  for (OptimizerBuffer& buffer : optimizer.buffers()) {
    const auto found =
        std::find_if(checkpoint.optimizer.begin(), checkpoint.optimizer.end(),
                     [&](const StoredOptimizerState& state) { return state.name == buffer.name; });
    if (found == checkpoint.optimizer.end()) {
      throw Error(ErrorKind::data,
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
      throw Error(ErrorKind::data, fmt::format("{} has no optimizer number '{}', which this "
                                               "experiment's optimizer needs to go on.",
                                               what, scalar.name));
    }
    scalar.value = found->second;
  }
}

TrainingProgress restore_progress(const StoredTrainingState& state) {
  return {.step = state.step,
          .samples_seen = state.samples_seen,
          .train_seconds = state.train_seconds,
          .epoch_samples = state.epoch_samples,
          .epoch_correct = state.epoch_correct,
          .epoch_loss = state.epoch_loss,
          .best_accuracy = state.best_step == 0 ? 0 : state.best,
          .best_step = state.best_step};
}

void share_state(Communicator& communicator, ParameterStore& parameters, Optimizer& optimizer,
                 TrainingProgress& progress) {
  communicator.broadcast(std::as_writable_bytes(parameters.mutable_values()), 0);
  for (OptimizerBuffer& buffer : optimizer.buffers()) {
    communicator.broadcast(std::as_writable_bytes(buffer.values.span()), 0);
  }
  for (OptimizerScalar& scalar : optimizer.scalars()) {
    communicator.broadcast(std::as_writable_bytes(std::span(&scalar.value, 1)), 0);
  }
  communicator.broadcast(std::as_writable_bytes(std::span(&progress, 1)), 0);
}

}  // namespace lockstep
