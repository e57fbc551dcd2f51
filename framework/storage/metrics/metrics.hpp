#pragma once

// The metrics of a training as tables, in memory and as the file metrics.h5. The file is always
// complete, because each version replaces the one before by a rename. Any reader may open it at any
// time. README.md describes its layout.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "framework/storage/files/atomic_file.hpp"
#include "framework/storage/hdf5/provenance.hpp"
#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// Everything recorded so far, in the order of steps.
struct MetricsTables {
  std::vector<StepRecord> steps;
  std::vector<EpochRecord> epochs;
};

/// The run that the figures belong to.
struct MetricsOrigin {
  std::string experiment;  ///< resolved YAML; empty if unknown
  Provenance provenance;
};

/// Replaces `path` by a file with these tables, which may be empty. Figures that are NaN stay NaN.
/// A step without a digest has (0, 0).
/// @throws Error (data) with path and reason; the old file is then unchanged
void publish_metrics(const std::filesystem::path& path, const MetricsTables& tables,
                     const MetricsOrigin& origin = {}, const WriteOptions& options = {});

/// The same with the bytes of such a file, see metrics_file.
void publish_metrics_file(const std::filesystem::path& path, std::span<const std::byte> file,
                          const WriteOptions& options = {});

/// Reads what publish_metrics wrote. Only the last confusion matrix is in the file, so the other
/// epochs have none.
/// @throws Error (data) if the file is missing or not HDF5, or columns are missing or have the
///         wrong shape
MetricsTables read_metrics(const std::filesystem::path& path);

}  // namespace lockstep
