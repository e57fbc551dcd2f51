#pragma once

// What a run's two files of metrics have between them, and how either is put right by the other.
// Before a run is resumed, its journal is made to end at the step that the run resumes from.

#include <filesystem>
#include <string>
#include <vector>

#include "framework/storage/metrics/metrics.hpp"

namespace lockstep {

/// Where a run's metrics are.
struct MetricsFiles {
  std::filesystem::path journal;   ///< metrics.jsonl
  std::filesystem::path snapshot;  ///< metrics.h5, which lacks the newest records
};

struct RecordedMetrics {
  MetricsTables tables;               ///< one record per step, in order
  std::vector<std::string> problems;  ///< sentences about what cannot be read
  bool has_all = false;               ///< nothing is lost, for the journal alone is whole
};

/// Reads the records of a run, which may still be training: those of the journal, and those that
/// only the snapshot has. Changes nothing, and reports what cannot be read.
RecordedMetrics read_run_metrics(const MetricsFiles& files);

/// Makes the snapshot of a finished run anew from the journal if it is missing or damaged and the
/// journal is whole.
/// @return whether it has done so
bool renew_snapshot(const MetricsFiles& files, const MetricsOrigin& origin);

struct RecoveredJournal {
  MetricsTables tables;  ///< the records up to the step, one per step, in order
  std::string warning;   ///< a sentence about damage that was found; else empty
};

/// Prepares a journal for records after `last_step`.
///
/// Removes lines of later steps and a torn last line. If any of the steps 1 to `last_step` is
/// missing or there twice, or if a line is no record, writes a new journal from the records of the
/// journal and of the snapshot, and keeps the old one as metrics.jsonl.damaged.
/// @throws Error (data) if the journal cannot be read or written; it is then unchanged
RecoveredJournal recover_journal(const MetricsFiles& files, Index last_step);

}  // namespace lockstep
