#pragma once

// metrics.jsonl: one JSON object a line, in the order of steps; a line is appended by one write(2),
// so a killed run leaves whole lines. Lines of type "step" and "epoch" have the keys of StepRecord
// and EpochRecord; a figure that is not finite is null. Numbers are the shortest that read back to
// the same bits. README.md has the keys.

#include <fmt/format.h>

#include <filesystem>

#include "framework/storage/descriptor.hpp"
#include "framework/storage/metrics.hpp"
#include "framework/training/run_records.hpp"

namespace lockstep {

/// Appends to a journal. One thread at a time; appending a step allocates nothing.
/// Every failure throws Error (data) with path and reason.
class MetricsJournal {
 public:
  /// Opens a journal to go on at its end, or begins one. After a kill: `cut_journal` first.
  explicit MetricsJournal(const std::filesystem::path& path);

  void append(const StepRecord& record);
  void append(const EpochRecord& record);

  /// What was appended survives the machine's failing, too, once this has returned.
  void sync() { file_.sync_data(); }

 private:
  Descriptor file_;
  fmt::memory_buffer line_;
};

/// All records of a journal; a torn last line is left out. A missing file has no records.
/// @throws Error (data) with file and line for a line that is no record.
MetricsTables read_journal(const std::filesystem::path& path);

/// Takes away the lines past `last_step`, and a torn or damaged line with all behind it, so that
/// the journal can be appended to; returns the records left. The lines kept are not touched. After
/// a failure of the machine, lines up to the last `sync` are whole.
MetricsTables cut_journal(const std::filesystem::path& path, Index last_step);

}  // namespace lockstep
