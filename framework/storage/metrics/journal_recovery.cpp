#include "framework/storage/metrics/journal_recovery.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "framework/core/error.hpp"
#include "framework/storage/files/atomic_file.hpp"
#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/hdf5/checked_file.hpp"
#include "framework/storage/metrics/metrics_journal.hpp"

namespace lockstep {
namespace {

template <typename Record>
std::vector<Index> steps_of(const std::vector<Record>& records) {
  std::vector<Index> steps;
  for (const Record& record : records) steps.push_back(record.step);
  return steps;
}

/// One record per step, in order; of several, the first. The records of a sound journal are not
/// moved, because a long run has millions.
template <typename Record>
std::vector<Record> in_order(std::vector<Record> records) {
  const auto is_out_of_order = [](Index before, Index after) { return before >= after; };
  if (std::ranges::adjacent_find(records, is_out_of_order, &Record::step) == records.end()) {
    return records;
  }
  std::ranges::stable_sort(records, {}, &Record::step);
  const auto same_step = [](const Record& a, const Record& b) { return a.step == b.step; };
  records.erase(std::unique(records.begin(), records.end(), same_step), records.end());
  return records;
}

/// The records and those of `more` whose steps they lack, in order.
template <typename Record>
std::vector<Record> filled(std::vector<Record> records, const std::vector<Record>& more,
                           Index last_step) {
  std::vector<Record> ordered = in_order(std::move(records));
  std::vector<Record> lacking;
  for (const Record& record : more) {
    if (record.step < 1 || record.step > last_step) continue;
    if (std::ranges::binary_search(ordered, record.step, {}, &Record::step)) continue;
    lacking.push_back(record);
  }
  std::ranges::move(lacking, std::back_inserter(ordered));
  return in_order(std::move(ordered));
}

/// The steps from 1 to `last_step` without a record, as "3, 7-12".
std::string missing_steps(const std::vector<StepRecord>& records, Index last_step) {
  std::vector<std::string> ranges;
  const auto add = [&ranges](Index first, Index last) {
    if (first == last) ranges.push_back(fmt::format("{}", first));
    if (first < last) ranges.push_back(fmt::format("{}-{}", first, last));
  };
  Index next = 1;
  for (const StepRecord& record : records) {
    add(next, record.step - 1);
    next = record.step + 1;
  }
  add(next, last_step);
  return fmt::format("{}", fmt::join(ranges, ", "));
}

/// The records of the snapshot; none if it is missing or damaged, because it only helps here.
MetricsTables read_snapshot(const std::filesystem::path& path) {
  try {
    return read_metrics(path);
  } catch (const Error&) {
    return {};
  }
}

void cut(const std::filesystem::path& path, std::int64_t length) {
  if (is_missing(path)) return;
  Descriptor file(path, OpenMode::update);
  if (file.size() > length) file.truncate(length);
  file.sync();
  file.close();
}

/// Replaces the journal and keeps the old one. Returns its new name; empty if there was none.
std::string replace(const std::filesystem::path& journal, const MetricsTables& tables) {
  std::string kept;
  if (!is_missing(journal)) {
    std::filesystem::path aside = journal;
    aside += ".damaged";
    write_text_file(aside, read_text_file(journal, std::numeric_limits<std::int64_t>::max()));
    kept = aside.filename().string();
  }
  write_text_file(journal, journal_text(tables));
  return kept;
}

/// Names the first line that is no record, and counts the others.
std::vector<std::string> told(const std::vector<std::string>& problems) {
  if (problems.size() < 2) return problems;
  return {problems.front(), fmt::format("so are {} more lines", problems.size() - 1)};
}

struct Repair {
  MetricsTables tables;
  std::vector<std::string> facts;  ///< what was wrong, in words
};

Repair repair(JournalContents found, const MetricsFiles& files, Index last_step) {
  Repair repair{
      .tables = {in_order(std::move(found.tables.steps)), in_order(std::move(found.tables.epochs))},
      .facts = told(found.problems)};
  MetricsTables& tables = repair.tables;
  const std::string missing = missing_steps(tables.steps, last_step);
  if (missing.empty() && found.problems.empty()) return repair;
  const MetricsTables snapshot = read_snapshot(files.snapshot);
  tables = {filled(std::move(tables.steps), snapshot.steps, last_step),
            filled(std::move(tables.epochs), snapshot.epochs, last_step)};
  const std::string lost = missing_steps(tables.steps, last_step);
  if (lost != missing) {
    repair.facts.push_back(fmt::format("figures of steps {} were not in it, and {} has them{}",
                                       missing, files.snapshot.filename().string(),
                                       lost.empty() ? "" : " in part"));
  }
  if (!lost.empty()) repair.facts.push_back(fmt::format("the figures of steps {} are lost", lost));
  return repair;
}

/// The steps of the records.
struct RecordedSteps {
  std::vector<Index> steps;
  std::vector<Index> epochs;

  friend bool operator==(const RecordedSteps&, const RecordedSteps&) = default;
};

RecordedSteps steps_of(const MetricsTables& tables) {
  return {steps_of(tables.steps), steps_of(tables.epochs)};
}

/// Whether a journal has a record of each step and no line that is none.
bool is_whole(const JournalContents& journal) {
  const std::vector<StepRecord>& steps = journal.tables.steps;
  return journal.problems.empty() && !steps.empty() &&
         missing_steps(steps, steps.back().step).empty();
}

std::string sentence(const std::filesystem::path& journal, const std::vector<std::string>& facts) {
  if (facts.empty()) return {};
  return fmt::format("{} is not as this run had written it: {}.", journal.string(),
                     fmt::join(facts, "; "));
}

}  // namespace

RecordedMetrics read_run_metrics(const MetricsFiles& files) {
  constexpr Index kAll = std::numeric_limits<Index>::max();
  RecordedMetrics found;
  try {
    JournalContents journal = read_journal(files.journal);
    found.has_all = is_whole(journal);
    found.tables = std::move(journal.tables);
    found.problems = std::move(journal.problems);
  } catch (const Error& error) {
    found.problems.emplace_back(error.what());
  }
  MetricsTables snapshot;
  try {
    if (!is_missing(files.snapshot)) snapshot = read_metrics(files.snapshot);
  } catch (const Error& error) {
    found.problems.push_back(found.has_all ? fmt::format("{} {} has all of its figures.",
                                                         error.what(), files.journal.string())
                                           : error.what());
  }
  found.tables = {filled(std::move(found.tables.steps), snapshot.steps, kAll),
                  filled(std::move(found.tables.epochs), snapshot.epochs, kAll)};
  return found;
}

bool renew_snapshot(const MetricsFiles& files, const MetricsOrigin& origin) {
  try {
    if (check_file(files.snapshot).state != FileState::damaged) return false;
  } catch (const Error&) {
    // It is missing, or no HDF5 file any more.
  }
  const JournalContents journal = read_journal(files.journal);
  if (!is_whole(journal)) return false;
  publish_metrics(files.snapshot, journal.tables, origin);
  return true;
}

RecoveredJournal recover_journal(const MetricsFiles& files, Index last_step) {
  JournalContents found = read_journal(files.journal, last_step);
  const std::int64_t front_bytes = found.front_bytes;
  const bool is_in_front = found.problems.empty() && found.in_front;
  const RecordedSteps recorded = steps_of(found.tables);
  auto [tables, facts] = repair(std::move(found), files, last_step);
  if (is_in_front && steps_of(tables) == recorded) {
    cut(files.journal, front_bytes);
  } else if (const std::string kept = replace(files.journal, tables); !kept.empty()) {
    facts.push_back(fmt::format("what it was is kept as {}", kept));
  }
  return {std::move(tables), sentence(files.journal, facts)};
}

}  // namespace lockstep
