#pragma once

// metrics.jsonl: one JSON object per line, in the order of steps. Each line is appended by one
// write(2), so a killed run leaves whole lines. Lines of type "step" and "epoch" have the keys of
// StepRecord and EpochRecord. A figure that is not finite is null. Numbers are written as the
// shortest text that reads back to the same bits. README.md lists the keys.

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// Appends to a journal. Used by one thread at a time. Appending a step allocates nothing. Every
/// failure throws Error (data) with path and reason.
class MetricsJournal {
 public:
  /// Opens a journal to continue at its end, or starts one. After a kill, call `recover_journal`
  /// first.
  explicit MetricsJournal(const std::filesystem::path& path);

  void append(const StepRecord& record);
  void append(const EpochRecord& record);

  /// Once this has returned, what was appended also survives a failure of the machine.
  void sync() { file_.sync_data(); }

 private:
  Descriptor file_;
  fmt::memory_buffer line_;
};

/// The contents of a journal.
struct JournalContents {
  MetricsTables tables;  ///< the records, in the order of their lines
  /// One sentence per line that is no record: file, line and reason.
  std::vector<std::string> problems;
  std::int64_t front_bytes = 0;  ///< length of the records before the first other line
  bool in_front = true;          ///< whether all records come before the first other line
};

/// The records of a journal up to a step. A torn last line is left out, and a missing file has no
/// records. Problems after the first record past `last_step` are not reported.
/// @throws Error (data) if the file cannot be read
JournalContents read_journal(const std::filesystem::path& path,
                             Index last_step = std::numeric_limits<Index>::max());

/// The lines of a journal with these records, in the order of steps.
std::string journal_text(const MetricsTables& tables);

}  // namespace lockstep
