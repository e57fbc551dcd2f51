#pragma once

#include <atomic>
#include <cstdint>

#include "framework/core/shape.hpp"

namespace lockstep {

/// Where a rank is, and a sign that it moves, for an observer on another thread.
///
/// Threading contract: any thread, at any time; nobody waits.
class Heartbeat {
 public:
  /// @param place            a literal: "exchange of gradients"
  /// @param step             counted from 1; 0 outside of training
  /// @param waits_for_ranks  whether only other ranks can delay it there
  void enter(const char* place, Index step, bool waits_for_ranks = false) {
    place_.store(place, std::memory_order_relaxed);
    step_.store(step, std::memory_order_relaxed);
    waits_for_ranks_.store(waits_for_ranks, std::memory_order_relaxed);
    beat();
  }
  /// A sign of progress at the place where the rank already was.
  void beat() { beats_.fetch_add(1, std::memory_order_relaxed); }

  const char* place() const { return place_.load(std::memory_order_relaxed); }
  Index step() const { return step_.load(std::memory_order_relaxed); }
  bool waits_for_ranks() const { return waits_for_ranks_.load(std::memory_order_relaxed); }
  /// Grows with every sign of progress.
  std::uint64_t beats() const { return beats_.load(std::memory_order_relaxed); }

  /// The launcher is about to kill this rank. May be called in a signal handler.
  void expect_the_end() { end_is_near_.store(true, std::memory_order_relaxed); }
  bool end_is_near() const { return end_is_near_.load(std::memory_order_relaxed); }

 private:
  std::atomic<const char*> place_ = "start-up";
  std::atomic<Index> step_ = 0;
  std::atomic<bool> waits_for_ranks_ = false;
  std::atomic<std::uint64_t> beats_ = 0;
  std::atomic<bool> end_is_near_ = false;
};

}  // namespace lockstep
