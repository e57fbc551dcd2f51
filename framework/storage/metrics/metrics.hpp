#pragma once

// Metrics as tables: what training leaves, in memory and as the file metrics.h5. The file is always
// complete, since each version replaces the one before by a rename: any reader may open it at any
// time. Its layout is in README.md.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "framework/storage/files/atomic_file.hpp"
#include "framework/storage/hdf5/provenance.hpp"
#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// All that was recorded so far, in the order of steps.
struct MetricsTables {
  std::vector<StepRecord> steps;
  std::vector<EpochRecord> epochs;
};

/// Which run the figures are of.
struct MetricsOrigin {
  std::string experiment;  ///< resolved YAML; empty: not told
  Provenance provenance;
};

/// Replaces `path` by a file with these tables; empty ones are fine. Figures that are NaN stay NaN.
/// A digest that was not taken is stored as (0, 0).
/// @throws Error (data) naming path and reason; the file before is then untouched.
void publish_metrics(const std::filesystem::path& path, const MetricsTables& tables,
                     const MetricsOrigin& origin = {}, const WriteOptions& options = {});

/// Likewise with the bytes of such a file (metrics_file).
void publish_metrics_file(const std::filesystem::path& path, std::span<const std::byte> file,
                          const WriteOptions& options = {});

/// Reads what publish_metrics wrote. The file keeps the last confusion matrix only: the other
/// epochs come without. @throws Error (data): missing, not HDF5, missing or ill-shaped columns.
MetricsTables read_metrics(const std::filesystem::path& path);

}  // namespace lockstep
