#pragma once

// A sweep's trials as one table with their curves, the file index.h5. Like metrics.h5 it is only
// ever replaced. Its layout is in README.md.

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
  std::string trial;                    ///< its folder below trials/
  std::vector<std::string> parameters;  ///< as written, one for each of the index's keys
  std::string status;                   ///< "done"
  std::int64_t steps = 0;
  std::optional<Digest> digest = {};  ///< of the last weights
  EpochRecord last = {};              ///< the last evaluation; figures are NaN without one
  /// What its curve is drawn from (loss_curve), borrowed; none: it has no curve.
  const MetricsTables* curve = nullptr;
};

struct SweepIndex {
  std::string name;
  std::string metric;  ///< "validation_accuracy"
  bool maximize = true;
  std::vector<std::string> keys;  ///< of the parameters, in order
  std::vector<SweepIndexRow> rows;
};

/// The figure of an evaluation by its name, "test_loss"; NaN where it was not measured or has
/// another name.
double figure_of(const EpochRecord& record, const std::string& name);

/// Of the trials that are done, the one with the best metric, the first of equals; null without
/// one.
const SweepIndexRow* best_of(const SweepIndex& index);

/// Replaces `path`, a file beside the folder trials/. Parameters are integers or float64 where all
/// their values are, else texts. @throws Error (data); the file before is then untouched.
void publish_sweep_index(const std::filesystem::path& path, const SweepIndex& index);

/// The index in a file that is being written, without the links to the trials' metrics.
void write_sweep_index(Hdf5Writer& file, const SweepIndex& index);

/// The rows of what publish_sweep_index wrote, without the curves.
/// @throws Error (data): missing, not HDF5, of another format or a newer version, ill-shaped
SweepIndex read_sweep_index(const std::filesystem::path& path);

}  // namespace lockstep
