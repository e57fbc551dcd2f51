#pragma once

#include <memory>
#include <vector>

#include "framework/training/exchange/communicator.hpp"
#include "framework/training/step/heartbeat.hpp"

namespace lockstep {

/// What a rank of a sweep tells the others.
struct SweepWord {
  bool was_asked = false;   ///< to stop, by a request
  bool stops = false;       ///< it starts no more trials, whatever the reason
  bool is_through = false;  ///< nothing is being done here, and nothing is left to do

  bool operator==(const SweepWord&) const = default;
};

/// Rounds in which every rank of a sweep tells every other rank its state, while each goes on
/// working: no rank waits. A round ends on all ranks with the same words, so that they end
/// together.
///
/// Threading contract: its communicator's.
/// @throws Error (peer) when another rank has failed
class SweepPeers {
 public:
  /// @param heartbeat  beats with each round; outlives this
  /// @param clock      seconds since any fixed moment
  SweepPeers(Communicator& communicator, Heartbeat& heartbeat, double (*clock)());
  SweepPeers(const SweepPeers&) = delete;
  SweepPeers& operator=(const SweepPeers&) = delete;

  /// Sets what this rank says from the next round on.
  void say(const SweepWord& word) { mine_ = word; }
  /// Advances the round, and begins the next one if there is news or some time has passed. The
  /// round in which all ranks are through is the last one.
  void progress();

  bool was_any_asked() const { return was_any_asked_; }
  bool stops_any() const { return stops_any_; }
  bool are_all_through() const { return are_all_through_; }

 private:
  int rank_;
  Heartbeat& heartbeat_;
  double (*clock_)();
  SweepWord mine_;
  std::vector<SweepWord> words_;  // said in the last round, by rank
  std::unique_ptr<Exchange> exchange_;
  double begun_ = 0;  // when the last round began
  bool is_under_way_ = false;
  bool was_any_asked_ = false;
  bool stops_any_ = false;
  bool are_all_through_ = false;

  bool is_next_due() const;
  void begin();
  void end();
};

}  // namespace lockstep
