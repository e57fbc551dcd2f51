#pragma once

#include <cstdint>
#include <memory>

#include "experiments/program/command.hpp"
#include "experiments/program/run_requests.hpp"
#include "experiments/sweep/peers.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/sweep/trial_starter.hpp"

namespace lockstep {

/// Ranks of a sweep that train its trials together, one trial at a time, in their own processes.
///
/// Neighbouring ranks are a group. The first rank of a group leads: it chooses the trials, and the
/// others wait for its word. An error that all ranks of the group find together is the trial's
/// failure. An error that one rank finds alone ends the job, as in `train`.
/// Threading contract: only the main thread uses it.
class TrialRanks final : public TrialStarter {
 public:
  /// Collective, for all ranks of the job.
  /// @param size  ranks of a group; divides the ranks of the job
  TrialRanks(const CommandContext& context, RunRequests& requests, int size);

  bool leads() const { return group_.communicator->rank() == 0; }

  /// Trains a trial to its end. Called by the leader.
  std::unique_ptr<RunningTrial> start(const TrialLaunch& launch) override;
  /// Nothing is left to train. Called by the leader at the end.
  void dismiss();

  /// Trains what the leader says, until it dismisses this rank and all ranks are through. Called by
  /// the other ranks.
  void follow(const SweepPlan& plan, SweepPeers& peers);

 private:
  struct Word {
    std::int64_t number = kNoMore;  // of the trial, in the sweep's plan
    std::int64_t until = 0;         // the step to pause after
  };
  static constexpr std::int64_t kNoMore = -1;

  const CommandContext& context_;
  RunRequests& requests_;
  RankGroup group_;
  std::unique_ptr<Exchange> word_;
  Word said_;  // the last word of the leader

  void tell(const Word& word);
  void listen();
  int train(const TrialLaunch& launch) const;
  int train_or_fail(const CommandContext& context, const TrialLaunch& launch) const;
};

}  // namespace lockstep
