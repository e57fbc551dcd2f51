#pragma once

// The trials of a sweep as one table with their curves: the file index.h5. Like metrics.h5 it is
// only ever replaced as a whole. README.md describes the layout.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "framework/core/digest.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/metrics/metrics.hpp"

namespace lockstep {

/// One row: a trial, as far as it has come.
struct SweepIndexRow {
  std::string trial;                    ///< its folder in trials/
  std::vector<std::string> parameters;  ///< as written, one for each of the index's keys
  std::string status;                   ///< "done"
  std::int64_t steps = 0;
  std::optional<Digest> digest = {};  ///< of the last weights
  EpochRecord last = {};              ///< the last evaluation; figures are NaN if there was none
  /// What its curve is drawn from (loss_curve), borrowed. Null: it has no curve.
  const MetricsTables* curve = nullptr;
};

struct SweepIndex {
  std::string name;
  std::string metric;  ///< "validation_accuracy"
  bool maximize = true;
  std::vector<std::string> keys;  ///< of the parameters, in order
  std::vector<SweepIndexRow> rows;
};

/// A figure of an evaluation by its name, "test_loss"; NaN if it was not measured, and for other
/// names.
double figure_of(const EpochRecord& record, const std::string& name);

/// The finished trial with the best metric, the first among equals; null if there is none.
const SweepIndexRow* best_of(const SweepIndex& index);

/// Replaces `path`, a file beside the folder trials/. Parameters are integers or float64 if all
/// their values are, else texts. @throws Error (data); the file before is then untouched.
void publish_sweep_index(const std::filesystem::path& path, const SweepIndex& index);

/// Writes the index into an open file, without the links to the trials' metrics.
void write_sweep_index(Hdf5Writer& file, const SweepIndex& index);

/// Reads the rows that publish_sweep_index has written, without the curves.
/// @throws Error (data) if it is missing, not HDF5, ill-shaped, of another format or of a newer
///         version
SweepIndex read_sweep_index(const std::filesystem::path& path);

}  // namespace lockstep
