#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/program/run_requests.hpp"
#include "experiments/results/trial_state.hpp"
#include "experiments/sweep/peers.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/sweep/trial_starter.hpp"

namespace lockstep {

struct SweepOptions {
  int jobs = 0;   ///< trials at a time; 0: one per core, as long as there are enough trials
  int cores = 1;  ///< for all trials together
  bool fail_fast = false;
  double first = 0;  ///< where in the list to look for trials first: 0 is the beginning, 1 the end
};

/// A trial and its state in this process.
struct SweptTrial {
  enum class Turn {
    pending,    ///< to be started here
    resting,    ///< paused until the others of its rung have come as far
    here,       ///< this sweeper trains it
    elsewhere,  ///< another process trains it
    over,       ///< nothing is left to do in this sweep
  };
  PlannedTrial plan;
  TrialState state = {};
  Turn turn = Turn::pending;
  std::unique_ptr<RunningTrial> running = {};
  Index until = 0;   ///< the step to pause after; 0: the last
  int threads = 0;   ///< that train it here
  int attempts = 0;  ///< attempts that ended because another process had the trial
};

/// Runs what is missing in a sweep: several trials at a time, on no more threads than cores. Other
/// sweepers, including the job's other ranks, work in the same folder. A trial's run lock says who
/// has it.
class SweepRun {
 public:
  /// Notified of each trial that is over for this process, and of each look at the running ones.
  struct Observer {
    std::function<void(const SweepRun&, const SweptTrial&)> on_end;
    std::function<void(const SweepRun&)> on_look;
  };

  /// What it works with.
  struct Parts {
    RunRequests& requests;
    SweepPeers& peers;
    TrialStarter& starter;
  };

  /// Looks at the trials' folders. Changes nothing.
  SweepRun(SweepPlan plan, const SweepOptions& options);

  /// Runs until the last trial ends or a rank is asked to stop. In that case the trials of all
  /// ranks stop with a checkpoint. Collective.
  void run(const Parts& parts, const Observer& observer);

  const SweepPlan& plan() const { return plan_; }
  const std::vector<SweptTrial>& trials() const { return trials_; }
  std::size_t count(TrialStatus status) const;
  int jobs() const { return jobs_; }
  /// True for a request, not for fail_fast.
  bool was_asked_to_stop() const { return was_asked_; }
  /// The finished trial with the best metric, the first among equals.
  const SweptTrial* best() const;

 private:
  SweepPlan plan_;
  SweepOptions options_;
  std::vector<SweptTrial> trials_;
  int jobs_;
  bool stopping_ = false;
  bool was_asked_ = false;

  bool goes_on() const;
  void stop();
  void obey(RunRequests& requests);
  std::vector<SweptTrial*> next_trials(int most);
  void start_trials(TrialStarter& starter, const Observer& observer);
  bool prepare(SweptTrial& trial, const Observer& observer);
  void start(SweptTrial& trial, int threads, TrialStarter& starter) const;
  void decide(const Observer* observer);
  void look_at_trials(const Observer& observer);
  void look_elsewhere(const Observer& observer);
  void after_end(SweptTrial& trial, int end) const;
  static void fail(SweptTrial& trial, int end);
  void tell_end(const SweptTrial& trial, const Observer& observer);
  void look_at_the_rest();
};

}  // namespace lockstep
