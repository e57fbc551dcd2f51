#pragma once

// Before a run goes on: its journal as the run had written it up to the step it goes on from.

#include <filesystem>
#include <string>
#include <vector>

#include "framework/storage/metrics/metrics.hpp"

namespace lockstep {

/// Where a run's metrics are.
struct MetricsFiles {
  std::filesystem::path journal;   ///< metrics.jsonl
  std::filesystem::path snapshot;  ///< metrics.h5, which has all but the newest of it
};

struct RecordedMetrics {
  MetricsTables tables;               ///< one record a step, in order
  std::vector<std::string> problems;  ///< sentences about what cannot be read
};

/// The records of a run that may be going on: those of the journal, and those that only the
/// snapshot has. Nothing is changed, and what cannot be read is told.
RecordedMetrics read_run_metrics(const MetricsFiles& files);

struct RecoveredJournal {
  MetricsTables tables;  ///< the records up to the step, one a step, in order
  std::string warning;   ///< a sentence about what was not as it had been written; else empty
};

/// Makes a journal ready to be appended to behind `last_step`.
///
/// Lines past that step are cut off, and a torn last one. When steps 1 to `last_step` are not there
/// once each, or a line among them is no record, the journal is put together anew from its records
/// and those that only the snapshot has, and what it was is kept as metrics.jsonl.damaged.
/// @throws Error (data) when the journal cannot be read or written; it is then as it was.
RecoveredJournal recover_journal(const MetricsFiles& files, Index last_step);

}  // namespace lockstep
