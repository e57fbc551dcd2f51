#include "experiments/sweep_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "experiments/halving.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/run_directory.hpp"
#include "framework/storage/run_lock.hpp"
#include "framework/storage/sweep_index.hpp"

namespace lockstep {
namespace {

using Turn = SweptTrial::Turn;

constexpr int kStoppedOnRequest = 75;
constexpr auto kPause = std::chrono::milliseconds(10);
constexpr int kPausesBetweenLooksElsewhere = 20;

std::filesystem::path words_of(const SweptTrial& trial) { return trial.plan.folder / "stderr.txt"; }

RunRequest request_of(const PlannedTrial& trial) {
  return {.name = trial.name, .out = trial.folder, .start = RunStart::resume};
}

/// Makes the folder a run's that has not begun, unless somebody has done more.
/// @throws RunInUse when somebody does at this moment
void prepare(const SweptTrial& trial) {
  std::filesystem::create_directories(trial.plan.folder);
  if (is_run_directory(trial.plan.folder)) return;
  const RunDirectory directory(request_of(trial.plan));
  const std::string text = write_yaml(to_value(trial.plan.config));
  directory.write_experiment(text);
  directory.write_resolved(text);
}

/// Whether somebody else trains it, or has since this process looked.
bool is_others(const SweptTrial& trial) {
  if (is_run_locked(trial.plan.folder)) return true;
  if (trial.until > 0 &&
      is_evaluated(read_trial_state(trial.plan.folder).curve.epochs, trial.until)) {
    return true;
  }
  const std::optional<RunEnd> end = read_run_end(trial.plan.folder);
  return end && end->outcome != RunOutcome::stopped;
}

std::string why_it_ended(const SweptTrial& trial, int end) {
  if (end < 0) return fmt::format("ended by signal {}", -end);
  const std::string words = last_words(words_of(trial));
  return words.empty() ? fmt::format("ended with exit code {}", end) : words;
}

/// For a process that could not say in the folder how it ended.
void record_failure(const SweptTrial& trial, int end) {
  constexpr int kKilled = 128;
  RunDirectory directory(request_of(trial.plan));
  const std::string reason = why_it_ended(trial, end);
  directory.log(reason);
  directory.finish({.outcome = RunOutcome::failed,
                    .exit_code = end < 0 ? kKilled - end : end,
                    .reason = reason});
}

/// Nothing was said, or only how to go on.
void remove_idle_words(const std::filesystem::path& file, int end) {
  std::error_code ignored;
  const bool is_empty = std::filesystem::file_size(file, ignored) == 0;
  if (is_empty || end == kStoppedOnRequest) std::filesystem::remove(file, ignored);
}

}  // namespace

void forget_failures(const SweepPlan& plan) {
  for (const PlannedTrial& trial : plan.trials) {
    if (read_trial_state(trial.folder).status != TrialStatus::failed) continue;
    try {
      RunDirectory(request_of(trial)).clear_end();
    } catch (const RunInUse&) {
      continue;
    }
  }
}

SweepRun::SweepRun(SweepPlan plan, const SweepOptions& options)
    : plan_(std::move(plan)),
      options_(options),
      jobs_(std::min(options.jobs > 0 ? options.jobs : options.cores, options.cores)) {
  for (PlannedTrial& planned : plan_.trials) {
    SweptTrial trial{.plan = planned, .state = read_trial_state(planned.folder)};
    if (trial.state.is_over()) trial.turn = Turn::over;
    trials_.push_back(std::move(trial));
  }
  decide(nullptr);
}

void SweepRun::run(const Parts& parts, const Observer& observer) {
  SweepPeers& peers = parts.peers;
  parts.requests.set_others([&](bool was_asked) {
    was_asked_ |= was_asked || peers.was_any_asked();
    peers.say(
        {.was_asked = was_asked_, .stops = was_asked_ || stopping_, .is_through = !goes_on()});
    peers.progress();
    return peers.stops_any();
  });
  int pauses = 0;
  while (!peers.are_all_through()) {
    obey(parts.requests);
    if (!stopping_) start_trials(parts.starter);
    look_at_trials(observer);
    if (pauses++ % kPausesBetweenLooksElsewhere == 0) look_elsewhere(observer);
    observer.on_look(*this);
    std::this_thread::sleep_for(kPause);
  }
  parts.requests.set_others({});
  look_at_the_rest();
}

void SweepRun::obey(RunRequests& requests) {
  const TrainingRequest asked = requests.take();
  if (asked == TrainingRequest::stop && !stopping_) stop();
  if (asked != TrainingRequest::checkpoint) return;
  for (const SweptTrial& trial : trials_) {
    if (trial.running) trial.running->send(SIGUSR2);
  }
}

bool SweepRun::goes_on() const {
  return std::any_of(trials_.begin(), trials_.end(), [this](const SweptTrial& trial) {
    const bool is_wanted = trial.turn == Turn::pending || trial.turn == Turn::elsewhere;
    return trial.turn == Turn::here || (is_wanted && !stopping_);
  });
}

// Which trials go on and how far, by all that has been evaluated.
void SweepRun::decide(const Observer* observer) {
  if (plan_.sweep.method != SweepMethod::halving) return;
  std::vector<HalvingTrial> trials;
  for (const SweptTrial& trial : trials_) {
    const bool has_failed = trial.turn == Turn::over && trial.state.status == TrialStatus::failed;
    trials.push_back({trial.plan.steps, has_failed, trial.state.curve.epochs});
  }
  const auto decisions = decide_halving(plan_.sweep.halving, plan_.sweep.metric, trials);
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    SweptTrial& trial = trials_[i];
    if (trial.turn != Turn::pending && trial.turn != Turn::resting) continue;
    trial.until = decisions[i].until;
    switch (decisions[i].turn) {
      case HalvingDecision::Turn::train:
        trial.turn = Turn::pending;
        break;
      case HalvingDecision::Turn::wait:
        trial.turn = Turn::resting;
        break;
      case HalvingDecision::Turn::pruned:
        trial.turn = Turn::over;
        trial.state.status = TrialStatus::pruned;
        if (observer != nullptr) observer->on_end(*this, trial);
        break;
    }
  }
}

void SweepRun::stop() {
  stopping_ = true;
  for (const SweptTrial& trial : trials_) {
    if (trial.running) trial.running->send(SIGTERM);
  }
}

// Those to start now, from this rank's place in the list on, and round.
std::vector<SweptTrial*> SweepRun::next_trials(int most) {
  std::vector<SweptTrial*> found;
  const auto first = static_cast<std::size_t>(options_.first * static_cast<double>(trials_.size()));
  for (std::size_t i = 0; i < trials_.size() && std::ssize(found) < most; ++i) {
    SweptTrial& trial = trials_[(first + i) % trials_.size()];
    if (trial.turn != Turn::pending) continue;
    if (is_others(trial)) {
      trial.turn = Turn::elsewhere;
    } else {
      found.push_back(&trial);
    }
  }
  return found;
}

// Each trial gets its share of the cores that are free now, so that the last ones use them all.
void SweepRun::start_trials(TrialStarter& starter) {
  int free = options_.cores;
  int places = jobs_;
  for (const SweptTrial& trial : trials_) {
    if (trial.turn != Turn::here) continue;
    free -= trial.threads;
    --places;
  }
  const std::vector<SweptTrial*> next = next_trials(std::min(places, free));
  int sharers = static_cast<int>(next.size());
  for (SweptTrial* const trial : next) {
    start(*trial, free / sharers--, starter);
    if (trial->turn == Turn::here) free -= trial->threads;
  }
}

void SweepRun::start(SweptTrial& trial, int threads, TrialStarter& starter) const {
  try {
    prepare(trial);
  } catch (const RunInUse&) {
    trial.turn = Turn::elsewhere;
    return;
  }
  trial.threads = threads;
  trial.turn = Turn::here;
  trial.state.status = TrialStatus::running;
  trial.running = starter.start({.number = static_cast<std::size_t>(&trial - trials_.data()),
                                 .folder = trial.plan.folder,
                                 .said = words_of(trial),
                                 .until = trial.until,
                                 .threads = threads});
}

void SweepRun::look_at_trials(const Observer& observer) {
  for (SweptTrial& trial : trials_) {
    if (!trial.running) continue;
    const std::optional<int> end = trial.running->poll();
    if (!end) continue;
    trial.running.reset();
    remove_idle_words(words_of(trial), *end);
    after_end(trial, *end);
    const bool is_over = trial.turn == Turn::over;
    if (is_over) observer.on_end(*this, trial);
    if (is_over && trial.state.status == TrialStatus::failed && options_.fail_fast) stop();
    decide(&observer);
  }
}

void SweepRun::after_end(SweptTrial& trial, int end) const {
  constexpr int kUsage = 2;
  constexpr int kMostAttempts = 20;
  trial.turn = Turn::over;
  trial.state = read_trial_state(trial.plan.folder);
  if (end == kStoppedOnRequest && is_evaluated(trial.state.curve.epochs, trial.until)) {
    trial.turn = Turn::pending;  // it paused, and whether it goes on is to be decided
    return;
  }
  const bool in_order = end == 0 || end == kStoppedOnRequest;
  if (in_order || trial.state.is_over() || (stopping_ && end < 0)) return;
  if (trial.state.status == TrialStatus::running) {
    trial.turn = Turn::elsewhere;
    return;
  }
  // It was refused the folder by somebody who has just let go of it, or asked to stop before it
  // could listen, as by Ctrl-C, which reaches all processes.
  const bool is_early = end == kUsage || end == -SIGTERM || end == -SIGINT;
  if (is_early && ++trial.attempts < kMostAttempts) {
    trial.turn = Turn::pending;
    std::filesystem::remove(words_of(trial));
    return;
  }
  try {
    record_failure(trial, end);
    trial.state = read_trial_state(trial.plan.folder);
  } catch (const RunInUse&) {
    trial.turn = Turn::elsewhere;
  }
}

// What others have finished is over here too; what they have left is to be done.
void SweepRun::look_elsewhere(const Observer& observer) {
  for (SweptTrial& trial : trials_) {
    if (trial.turn != Turn::elsewhere || is_run_locked(trial.plan.folder)) continue;
    trial.state = read_trial_state(trial.plan.folder);
    trial.turn = trial.state.is_over() ? Turn::over : Turn::pending;
    if (trial.turn == Turn::over) observer.on_end(*this, trial);
    decide(&observer);
  }
}

// What others were at when they stopped.
void SweepRun::look_at_the_rest() {
  for (SweptTrial& trial : trials_) {
    if (trial.turn != Turn::over) trial.state = read_trial_state(trial.plan.folder);
  }
}

std::size_t SweepRun::count(TrialStatus status) const {
  return static_cast<std::size_t>(
      std::count_if(trials_.begin(), trials_.end(),
                    [&](const SweptTrial& trial) { return trial.state.status == status; }));
}

const SweptTrial* SweepRun::best() const {
  const SweepMetric& metric = plan_.sweep.metric;
  const SweptTrial* best = nullptr;
  double best_figure = 0;
  for (const SweptTrial& trial : trials_) {
    const double figure = figure_of(trial.state.last, metric.name);
    if (trial.state.status != TrialStatus::done || std::isnan(figure)) continue;
    if (best != nullptr && (metric.maximize ? figure <= best_figure : figure >= best_figure)) {
      continue;
    }
    best = &trial;
    best_figure = figure;
  }
  return best;
}

}  // namespace lockstep
