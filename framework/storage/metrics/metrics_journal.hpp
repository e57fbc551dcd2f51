#pragma once

// metrics.jsonl: one JSON object a line, in the order of steps; a line is appended by one write(2),
// so a killed run leaves whole lines. Lines of type "step" and "epoch" have the keys of StepRecord
// and EpochRecord; a figure that is not finite is null. Numbers are the shortest that read back to
// the same bits. README.md has the keys.

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

/// Appends to a journal. One thread at a time; appending a step allocates nothing.
/// Every failure throws Error (data) with path and reason.
class MetricsJournal {
 public:
  /// Opens a journal to go on at its end, or begins one. After a kill: `recover_journal` first.
  explicit MetricsJournal(const std::filesystem::path& path);

  void append(const StepRecord& record);
  void append(const EpochRecord& record);

  /// What was appended survives the machine's failing, too, once this has returned.
  void sync() { file_.sync_data(); }

 private:
  Descriptor file_;
  fmt::memory_buffer line_;
};

/// A journal as it is found.
struct JournalContents {
  MetricsTables tables;  ///< the records, as their lines follow one another
  /// One for each line that is no record: file, line and reason.
  std::vector<std::string> problems;
  std::int64_t front_bytes = 0;  ///< length of the records in front of the first other line
  bool in_front = true;          ///< all records are in front
};

/// The records of a journal up to a step. A torn last line is left out; a missing file has none.
/// Problems behind the first record past `last_step` are not told.
/// @throws Error (data) when the file cannot be read.
JournalContents read_journal(const std::filesystem::path& path,
                             Index last_step = std::numeric_limits<Index>::max());

/// The lines of a journal with these records, which are in the order of steps.
std::string journal_text(const MetricsTables& tables);

}  // namespace lockstep
