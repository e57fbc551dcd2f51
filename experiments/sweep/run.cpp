#include "experiments/sweep/run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <exception>
#include <thread>

#include "experiments/sweep/halving.hpp"
#include "experiments/sweep/trial_folder.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/files/run_lock.hpp"
#include "framework/storage/run/sweep_index.hpp"

namespace lockstep {
namespace {

using Turn = SweptTrial::Turn;

constexpr auto kRoundPause = std::chrono::milliseconds(10);
constexpr int kPausesBetweenLooksElsewhere = 20;

}  // namespace

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
    if (!stopping_) start_trials(parts.starter, observer);
    look_at_trials(observer);
    if (pauses++ % kPausesBetweenLooksElsewhere == 0) look_elsewhere(observer);
    observer.on_look(*this);
    std::this_thread::sleep_for(kRoundPause);
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

// Decides which trials go on and how far, from everything that has been evaluated.
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

// The trials to start now, from this rank's place in the list on, wrapping around.
std::vector<SweptTrial*> SweepRun::next_trials(int most) {
  std::vector<SweptTrial*> found;
  const auto first = static_cast<std::size_t>(options_.first * static_cast<double>(trials_.size()));
  for (std::size_t i = 0; i < trials_.size() && std::ssize(found) < most; ++i) {
    SweptTrial& trial = trials_[(first + i) % trials_.size()];
    if (trial.turn != Turn::pending) continue;
    if (is_others_trial(trial.plan, trial.until)) {
      trial.turn = Turn::elsewhere;
    } else {
      found.push_back(&trial);
    }
  }
  return found;
}

// Each trial gets a share of the cores that are free now, so that the last trials use them all.
void SweepRun::start_trials(TrialStarter& starter, const Observer& observer) {
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
    const int threads = free / sharers--;
    if (stopping_ || !prepare(*trial, observer)) continue;
    start(*trial, threads, starter);
    free -= threads;
  }
}

// If a folder cannot be used, this trial fails, and no other.
bool SweepRun::prepare(SweptTrial& trial, const Observer& observer) {
  try {
    prepare_trial(trial.plan);
    return true;
  } catch (const RunInUse&) {
    trial.turn = Turn::elsewhere;
  } catch (const std::exception& error) {
    trial.state.status = TrialStatus::failed;
    trial.state.reason = sentence_of(error);
    trial.turn = Turn::over;
    tell_end(trial, observer);
    decide(&observer);
  }
  return false;
}

void SweepRun::start(SweptTrial& trial, int threads, TrialStarter& starter) const {
  trial.threads = threads;
  trial.turn = Turn::here;
  trial.state.status = TrialStatus::running;
  trial.running = starter.start({.number = static_cast<std::size_t>(&trial - trials_.data()),
                                 .folder = trial.plan.folder,
                                 .said = words_of(trial.plan),
                                 .until = trial.until,
                                 .threads = threads});
}

void SweepRun::tell_end(const SweptTrial& trial, const Observer& observer) {
  observer.on_end(*this, trial);
  if (trial.state.status == TrialStatus::failed && options_.fail_fast) stop();
}

void SweepRun::look_at_trials(const Observer& observer) {
  for (SweptTrial& trial : trials_) {
    if (!trial.running) continue;
    const std::optional<int> end = trial.running->poll();
    if (!end) continue;
    trial.running.reset();
    remove_idle_words(trial.plan, *end);
    after_end(trial, *end);
    if (trial.turn == Turn::over) tell_end(trial, observer);
    decide(&observer);
  }
}

void SweepRun::after_end(SweptTrial& trial, int end) const {
  constexpr int kUsage = 2;
  constexpr int kMostAttempts = 20;
  trial.turn = Turn::over;
  trial.state = read_trial_state(trial.plan.folder);
  if (end == kStoppedOnRequest && is_evaluated(trial.state.curve.epochs, trial.until)) {
    trial.turn = Turn::pending;  // it paused, and whether it goes on is not decided yet
    return;
  }
  const bool in_order = end == 0 || end == kStoppedOnRequest;
  if (in_order || trial.state.is_over() || (stopping_ && end < 0)) return;
  if (trial.state.status == TrialStatus::running) {
    trial.turn = Turn::elsewhere;
    return;
  }
  // It was refused the folder by a process that has just released it, or it was asked to stop
  // before it could listen, for example by Ctrl-C, which reaches all processes.
  const bool is_early = end == kUsage || end == -SIGTERM || end == -SIGINT;
  if (is_early && ++trial.attempts < kMostAttempts) {
    trial.turn = Turn::pending;
    remove_words(trial.plan);
    return;
  }
  fail(trial, end);
}

// Also called if the folder cannot be written: then it is tried again next time.
void SweepRun::fail(SweptTrial& trial, int end) {
  const std::string reason = why_it_ended(trial.plan, end);
  try {
    record_failure(trial.plan, end, reason);
  } catch (const RunInUse&) {
    trial.turn = Turn::elsewhere;
    return;
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): see above
  }
  trial.state = read_trial_state(trial.plan.folder);
  trial.state.status = TrialStatus::failed;
  trial.state.reason = reason;
}

// What others have finished is over here, too. What they have left is to be done.
void SweepRun::look_elsewhere(const Observer& observer) {
  for (SweptTrial& trial : trials_) {
    if (trial.turn != Turn::elsewhere || is_trained(trial.plan)) continue;
    trial.state = read_trial_state(trial.plan.folder);
    trial.turn = trial.state.is_over() ? Turn::over : Turn::pending;
    if (trial.turn == Turn::over) observer.on_end(*this, trial);
    decide(&observer);
  }
}

// Looks at the trials that others were training when they stopped.
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
