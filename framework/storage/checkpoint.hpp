#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "framework/core/digest.hpp"
#include "framework/core/shape.hpp"

namespace lockstep {

/// Changes when any arithmetic that decides bits changes; resume refuses another one.
inline constexpr int kArithmeticVersion = 1;

/// One tensor as it is stored, logical order, no padding.
struct StoredTensor {
  std::string layer;       ///< "c1"
  std::string name;        ///< "weight"
  std::string axis_order;  ///< "OIHW", "OI", "O"
  Shape shape;
  std::vector<float> values;
};

/// One family of optimizer state, such as "momentum", or Adam's "first_moment".
struct StoredOptimizerState {
  std::string name;
  std::vector<StoredTensor> tensors;  ///< same layers, names and shapes as the parameters
};

/// How far a run has come: everything that resume needs beside parameters and optimizer state.
struct StoredTrainingState {
  std::int64_t step = 0;          ///< steps done
  double epoch = 0;               ///< epochs done, fractions included
  std::int64_t samples_seen = 0;
  std::uint64_t seed = 0;
  Digest digest;                  ///< of the parameters
  double best = 0;                ///< best validation accuracy so far; NaN when there is none
  std::int64_t best_step = 0;
  double train_seconds = 0;
  // The running epoch's sums so far.
  std::int64_t epoch_samples = 0;
  std::int64_t epoch_correct = 0;
  double epoch_loss = 0;
};

struct Provenance {
  std::vector<std::pair<std::string, std::string>> entries;  ///< version, commit, compiler, isa, ...
};

/// The contents of one checkpoint file. A file from elsewhere has only `model` and `parameters`.
struct Checkpoint {
  int arithmetic_version = kArithmeticVersion;
  std::string experiment;  ///< resolved YAML; empty when absent
  std::string model;       ///< resolved YAML
  std::vector<StoredTensor> parameters;
  std::vector<StoredOptimizerState> optimizer;
  std::vector<std::pair<std::string, double>> optimizer_scalars;  ///< Adam's "beta1_power", ...
  std::optional<StoredTrainingState> state;
  Provenance provenance;
};

/// Writes a checkpoint so that the final name only ever holds a complete and verified file:
/// written aside in the same folder, re-read and compared, synced, renamed, folder synced.
/// @throws Error (data) naming the file and the system's or HDF5's own reason; whatever stood
///         under the name before is left untouched.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

struct LoadedCheckpoint {
  Checkpoint checkpoint;
  bool verified = false;  ///< it had our user block and its digest was right
};

/// Reads a checkpoint or a file with only `/model` and `/parameters`.
/// @throws Error (data): missing, not HDF5, wrong digest, missing or ill-shaped parts, tensors not
///         finite, external storage or links; each in a sentence of its own.
LoadedCheckpoint read_checkpoint(const std::filesystem::path& path);

}  // namespace lockstep
