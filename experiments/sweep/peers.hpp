#pragma once

#include <memory>
#include <vector>

#include "framework/training/exchange/communicator.hpp"
#include "framework/training/step/heartbeat.hpp"

namespace lockstep {

/// What a rank of a sweep tells the others.
struct SweepWord {
  bool was_asked = false;   ///< to stop, by a request
  bool stops = false;       ///< starts no more trials, whatever the reason
  bool is_through = false;  ///< nothing is at work here, and nothing left to do

  bool operator==(const SweepWord&) const = default;
};

/// Rounds in which every rank of a sweep tells every other its word, while each is at work: none
/// waits. A round ends on all ranks with the same words, so that they end together.
///
/// Threading contract: its communicator's.
/// @throws Error (peer) when another rank has failed
class SweepPeers {
 public:
  /// @param heartbeat  beats with each round; lives as long
  /// @param clock      seconds since any fixed moment
  SweepPeers(Communicator& communicator, Heartbeat& heartbeat, double (*clock)());
  SweepPeers(const SweepPeers&) = delete;
  SweepPeers& operator=(const SweepPeers&) = delete;

  /// This rank's word from the next round on.
  void say(const SweepWord& word) { mine_ = word; }
  /// Moves the round on, and begins the next one where there is news or some time has passed. After
  /// the round in which all are through there is no other.
  void progress();

  bool was_any_asked() const { return was_any_asked_; }
  bool stops_any() const { return stops_any_; }
  bool are_all_through() const { return are_all_through_; }

 private:
  int rank_;
  Heartbeat& heartbeat_;
  double (*clock_)();
  SweepWord mine_;
  std::vector<SweepWord> words_;  // of the last round, by rank
  std::unique_ptr<Exchange> exchange_;
  double begun_ = 0;  // the last round
  bool is_under_way_ = false;
  bool was_any_asked_ = false;
  bool stops_any_ = false;
  bool are_all_through_ = false;

  bool is_next_due() const;
  void begin();
  void end();
};

}  // namespace lockstep
