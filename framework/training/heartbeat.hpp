#pragma once

#include <atomic>
#include <cstdint>

#include "framework/core/shape.hpp"

namespace lockstep {

/// Where a rank is and that it moves, for somebody who looks on from another thread.
///
/// Threading contract: any thread, at any time; nobody waits.
class Heartbeat {
 public:
  /// @param place  a literal: "exchange of gradients"
  /// @param step   counted from 1; 0 outside of training
  void enter(const char* place, Index step) {
    place_.store(place, std::memory_order_relaxed);
    step_.store(step, std::memory_order_relaxed);
    beat();
  }
  /// Something was done where the rank was already.
  void beat() { beats_.fetch_add(1, std::memory_order_relaxed); }

  const char* place() const { return place_.load(std::memory_order_relaxed); }
  Index step() const { return step_.load(std::memory_order_relaxed); }
  /// Grows with every sign of life.
  std::uint64_t beats() const { return beats_.load(std::memory_order_relaxed); }

 private:
  std::atomic<const char*> place_ = "start-up";
  std::atomic<Index> step_ = 0;
  std::atomic<std::uint64_t> beats_ = 0;
};

}  // namespace lockstep
