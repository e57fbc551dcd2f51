#include "experiments/results/trial_state.hpp"

#include <algorithm>
#include <exception>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "framework/core/settings.hpp"
#include "framework/storage/metrics/journal_recovery.hpp"
#include "framework/storage/metrics/metrics_journal.hpp"
#include "framework/storage/metrics/metrics_tables.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {
namespace {

constexpr const char* kJournal = "metrics.jsonl";

// The end of a file, at most `most` bytes; "" if it cannot be read.
std::string tail_of(const std::filesystem::path& path, std::streamoff most) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return "";
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - most));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TrialStatus status_of(const std::filesystem::path& folder, const std::optional<RunEnd>& end) {
  if (is_run_locked(folder)) return TrialStatus::running;
  if (!end) {
    const bool began = std::filesystem::exists(folder / kJournal);
    return began ? TrialStatus::interrupted : TrialStatus::waiting;
  }
  switch (end->outcome) {
    case RunOutcome::done:
      return TrialStatus::done;
    case RunOutcome::stopped:
      return TrialStatus::stopped;
    case RunOutcome::failed:
      break;
  }
  return TrialStatus::failed;
}

bool has_all_steps(const MetricsTables& tables) {
  return !tables.steps.empty() && tables.steps.back().step == std::ssize(tables.steps);
}

// Metrics from the journal, and from the snapshot too if the journal is damaged.
MetricsTables metrics_of(const std::filesystem::path& folder, TrialState& state) {
  JournalContents journal = read_journal(folder / kJournal);
  const bool is_lost = state.status == TrialStatus::done && !has_all_steps(journal.tables);
  if (journal.problems.empty() && !is_lost) return std::move(journal.tables);
  RecordedMetrics found =
      read_run_metrics({.journal = folder / kJournal, .snapshot = folder / "metrics.h5"});
  if (!has_all_steps(found.tables) && state.reason.empty()) {
    state.reason = found.problems.empty() ? fmt::format("{} has no figures", folder.string())
                                          : found.problems.front();
  }
  return std::move(found.tables);
}

void read_figures(const std::filesystem::path& folder, TrialState& state) {
  MetricsTables tables = metrics_of(folder, state);
  for (EpochRecord& epoch : tables.epochs) {
    epoch.confusion.clear();
    epoch.layers.clear();
  }
  if (!tables.epochs.empty()) state.last = tables.epochs.back();
  state.curve = {loss_curve(tables.steps), std::move(tables.epochs)};
  if (tables.steps.empty()) return;
  const StepRecord& step = tables.steps.back();
  state.steps = step.step;
  if (step.has_digest) state.digest = step.digest;
}

}  // namespace

std::string_view to_string(TrialStatus status) {
  switch (status) {
    case TrialStatus::waiting:
      return "waiting";
    case TrialStatus::running:
      return "running";
    case TrialStatus::interrupted:
      return "interrupted";
    case TrialStatus::stopped:
      return "stopped";
    case TrialStatus::failed:
      return "failed";
    case TrialStatus::pruned:
      return "pruned";
    case TrialStatus::done:
      break;
  }
  return "done";
}

TrialState read_trial_state(const std::filesystem::path& folder) {
  TrialState state;
  if (!is_run_directory(folder)) return state;
  try {
    const std::optional<RunEnd> end = read_run_end(folder);
    state.status = status_of(folder, end);
    if (state.status == TrialStatus::failed) state.reason = end->reason;
    read_figures(folder, state);
  } catch (const std::exception& error) {
    if (state.reason.empty()) state.reason = sentence_of(error);
  }
  return state;
}

void bring_up_to_date(SweepIndexRow& row, const TrialState& state) {
  const bool given_up = row.status == to_string(TrialStatus::pruned);
  if (!given_up || state.status != TrialStatus::stopped) row.status = to_string(state.status);
  row.steps = state.steps;
  row.digest = state.digest;
  row.last = state.last;
}

Index last_step(const std::filesystem::path& folder) {
  constexpr std::streamoff kEnough = 4096;
  constexpr std::string_view kKey = "{\"type\":\"step\",\"step\":";
  const std::string text = tail_of(folder / kJournal, kEnough);
  const std::size_t key = text.rfind(kKey);
  if (key == std::string::npos) return 0;
  const std::size_t begin = key + kKey.size();
  return parse_integer(text.substr(begin, text.find(',', begin) - begin)).value_or(0);
}

std::string last_words(const std::filesystem::path& file) {
  constexpr std::streamoff kEnough = 4096;
  std::string text = tail_of(file, kEnough);
  text.erase(text.find_last_not_of(" \n") + 1);
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace lockstep
