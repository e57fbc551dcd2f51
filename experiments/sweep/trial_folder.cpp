#include "experiments/sweep/trial_folder.hpp"

#include <exception>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "experiments/program/run_requests.hpp"
#include "experiments/results/trial_state.hpp"
#include "experiments/sweep/halving.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/files/run_lock.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {
namespace {

RunRequest request_of(const PlannedTrial& trial) {
  return {.name = trial.name, .out = trial.folder, .start = RunStart::resume};
}

void make_run(const PlannedTrial& trial) {
  const RunDirectory directory(request_of(trial));
  directory.clear_end();  // of a run whose experiment is lost
  const std::string text = write_yaml(to_value(trial.config));
  directory.write_experiment(text);
  directory.write_resolved(text);
}

}  // namespace

std::filesystem::path words_of(const PlannedTrial& trial) { return trial.folder / "stderr.txt"; }

void prepare_trial(const PlannedTrial& trial) {
  if (!is_run_directory(trial.folder)) make_run(trial);
  const Descriptor words(words_of(trial), OpenMode::append);
}

bool is_trained(const PlannedTrial& trial) {
  try {
    return is_run_locked(trial.folder);
  } catch (const std::exception&) {
    return false;
  }
}

bool is_others_trial(const PlannedTrial& trial, Index until) {
  if (is_trained(trial)) return true;
  const TrialState state = until > 0 ? read_trial_state(trial.folder) : TrialState();
  if (is_evaluated(state.curve.epochs, until)) return true;
  if (!is_run_directory(trial.folder)) return false;
  try {
    const std::optional<RunEnd> end = read_run_end(trial.folder);
    return end && end->outcome != RunOutcome::stopped;
  } catch (const std::exception&) {
    return false;
  }
}

std::string why_it_ended(const PlannedTrial& trial, int end) {
  if (end < 0) return fmt::format("ended by signal {}", -end);
  const std::string words = last_words(words_of(trial));
  return words.empty() ? fmt::format("ended with exit code {}", end) : words;
}

void record_failure(const PlannedTrial& trial, int end, const std::string& reason) {
  constexpr int kKilled = 128;
  RunDirectory directory(request_of(trial));
  directory.log(reason);
  directory.finish({.outcome = RunOutcome::failed,
                    .exit_code = end < 0 ? kKilled - end : end,
                    .reason = reason});
}

void remove_words(const PlannedTrial& trial) {
  std::error_code ignored;
  std::filesystem::remove(words_of(trial), ignored);
}

void remove_idle_words(const PlannedTrial& trial, int end) {
  std::error_code ignored;
  const bool is_empty = std::filesystem::file_size(words_of(trial), ignored) == 0;
  if (is_empty || end == kStoppedOnRequest) remove_words(trial);
}

void forget_failures(const SweepPlan& plan) {
  for (const PlannedTrial& trial : plan.trials) {
    if (read_trial_state(trial.folder).status != TrialStatus::failed) continue;
    try {
      RunDirectory(request_of(trial)).clear_end();
    } catch (const std::exception&) {
      continue;
    }
  }
}

}  // namespace lockstep
