#pragma once

// Checkpoint files: the weights of a network and all that training needs to go on from them.
// Their layout on disk is in README.md. Free functions; one thread at a time.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "framework/core/digest.hpp"
#include "framework/core/shape.hpp"
#include "framework/storage/files/atomic_file.hpp"
#include "framework/storage/hdf5/provenance.hpp"
#include "framework/training/diagnosis/run_records.hpp"
#include "framework/training/training_progress.hpp"

namespace lockstep {

/// Changes whenever any arithmetic that decides bits changes. Resuming refuses another version.
inline constexpr int kArithmeticVersion = 1;

/// One tensor as it is stored: in logical order, without padding.
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

/// How far a run has come, and which run it is.
struct StoredTrainingState {
  TrainingProgress progress;
  double epoch = 0;  ///< epochs done, fractions included
  std::uint64_t seed = 0;
  Digest digest;  ///< of the parameters

  /// Best validation accuracy so far; NaN if there is none.
  double best() const { return progress.best_step == 0 ? kNotMeasured : progress.best_accuracy; }
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

/// Whether both hold the same, numbers compared by their bits.
bool same_bits(const Checkpoint& a, const Checkpoint& b);

/// Writes a checkpoint so that the final name only ever holds a complete and verified file. The
/// file is written aside in the same folder, synced, read again through `read_checkpoint`, compared
/// by same_bits and renamed, and the folder is synced. Equal checkpoints give equal bytes.
/// @throws Error (data) naming the file and the system's or HDF5's own reason. Whatever had the
///         name before is then left untouched, and nothing is left beside it.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const WriteOptions& options = {});

struct LoadedCheckpoint {
  Checkpoint checkpoint;
  bool verified = false;  ///< it had our user block, and the digest was right
};

/// Reads a checkpoint, or a file with only `/model` and `/parameters` (texts of any HDF5 kind;
/// float32, or float64 rounded once; `axis_order` by default OIHW, OI, O by rank).
/// @throws Error (data), with a sentence for each case: missing, not HDF5, wrong digest, newer
///         format, missing or ill-shaped parts, values not finite, external storage or links.
LoadedCheckpoint read_checkpoint(const std::filesystem::path& path);

/// A verified file in memory that this process has written. Messages call it `name`.
Checkpoint parse_checkpoint(std::span<const std::byte> bytes, const std::string& name);

/// The same as `read_checkpoint` without reading the tensors: `values` is empty in each of them.
LoadedCheckpoint read_checkpoint_summary(const std::filesystem::path& path);

}  // namespace lockstep
