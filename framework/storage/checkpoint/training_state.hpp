#pragma once

// Between what a trainer works on and what a checkpoint file holds.

#include <string>

#include "framework/graph/parameter_store.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/training/exchange/communicator.hpp"
#include "framework/training/trainer.hpp"
#include "framework/training/update/optimizer.hpp"

namespace lockstep {

std::vector<StoredTensor> store_tensors(const ParameterLayout& layout,
                                        std::span<const float> values);

void store_optimizer(const Optimizer& optimizer, const ParameterLayout& layout,
                     Checkpoint& checkpoint);

StoredTrainingState store_progress(const TrainingProgress& progress, Index steps_per_epoch,
                                   std::uint64_t seed, const Digest& digest);

/// Copies a checkpoint's tensors into the flat buffer; `what` names the file in messages.
/// @throws Error (data) when layers, names or shapes differ from the network's.
void restore_parameters(const Checkpoint& checkpoint, const std::string& what,
                        ParameterStore& parameters);

/// @throws Error (data) likewise, and when the optimizer is another one.
void restore_optimizer(const Checkpoint& checkpoint, const std::string& what,
                       const ParameterLayout& layout, Optimizer& optimizer);

TrainingProgress restore_progress(const StoredTrainingState& state);

/// Rank 0's parameters, optimizer state and progress on every rank.
void share_state(Communicator& communicator, ParameterStore& parameters, Optimizer& optimizer,
                 TrainingProgress& progress);

}  // namespace lockstep
