#pragma once

// Between what training works on and what a checkpoint file holds: how a run is saved, and how it
// goes on from a file in another process. README.md shows both.

#include <cstdint>
#include <string>

#include "framework/core/digest.hpp"
#include "framework/graph/parameter_store.hpp"
#include "framework/optimizers/optimizer.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/checkpoint/run_checkpoints.hpp"
#include "framework/training/exchange/communicator.hpp"
#include "framework/training/training_progress.hpp"

namespace lockstep {

/// The state of a training; all borrowed.
struct TrainingState {
  const ParameterStore& parameters;
  const Optimizer& optimizer;
  const TrainingProgress& progress;
  Index steps_per_epoch;
  std::uint64_t seed;
};

/// A checkpoint that training can go on from. The caller adds the texts and the provenance.
Checkpoint checkpoint_of(const TrainingState& state);

/// Copies a checkpoint's tensors into the flat buffer; `what` names the file in messages.
/// @throws Error (data) when layers, names or shapes differ from the network's.
void restore_parameters(const Checkpoint& checkpoint, const std::string& what,
                        ParameterStore& parameters);

/// The entry of a checkpoint's provenance that says which data it was trained on: Digest::hex().
inline constexpr const char* kDataDigest = "data_digest";

/// The data that training is to go on with.
struct TrainingData {
  Digest digest;
  std::string origin;  ///< for messages
};

/// What goes on, to be filled from a checkpoint.
struct ResumedTraining {
  ParameterStore& parameters;
  Optimizer& optimizer;
};

/// Fills parameters and optimizer from a checkpoint. A trainer that starts with the returned
/// progress goes on bit for bit like the one that was saved.
/// @throws Error (data) if the checkpoint has no state, or is of another network, optimizer or data
///         set (if its provenance has `kDataDigest`)
TrainingProgress resume_training(const FoundCheckpoint& found, const TrainingData& data,
                                 const ResumedTraining& training);

/// Puts rank 0's parameters, optimizer state and progress on every rank.
void share_state(Communicator& communicator, ParameterStore& parameters, Optimizer& optimizer,
                 TrainingProgress& progress);

}  // namespace lockstep
