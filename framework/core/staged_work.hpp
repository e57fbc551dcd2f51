#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <exception>
#include <memory>
#include <thread>

#include "framework/core/share.hpp"

namespace lockstep {

/// Work in stages for the slots of one WorkerTeam::run, so that a whole training step needs one
/// fork and join. Each stage is a number of pieces that the slots take one after the other. No slot
/// goes on to the next stage before all pieces are done. Each slot begins with an equal share of
/// consecutive pieces, the same each time, whose data may still be in its core's caches. Then it
/// takes pieces that others have not begun.
///
/// A wait is only for pieces that a running slot has taken, never for a slot that has not started.
/// So slots may run one after the other on the same thread. Only the constructor locks or
/// allocates.
class StagedWork {
 public:
  StagedWork(std::size_t most_stages, int slots)
      : slots_(static_cast<std::size_t>(slots)),
        most_stages_(most_stages),
        stages_(std::make_unique<Stage[]>(most_stages)),
        shares_(std::make_unique<Counter[]>(most_stages * slots_)) {}

  /// To be called before each WorkerTeam::run, by its caller.
  void start();

  /// For a slot that has nothing else to do while it waits.
  struct NothingElse {
    bool operator()() const { return false; }
  };

  /// One slot's way through the stages. Every slot goes through the same stages.
  class Walk {
   public:
    Walk(StagedWork& work, int slot) : work_(work), slot_(static_cast<std::size_t>(slot)) {}

    /// Calls run(piece) for pieces of [0, pieces) that no other slot has taken, until none is left.
    /// Then it waits for the pieces of other slots.
    /// @param idle  called while waiting, for as long as it returns true
    /// @return false when another slot's piece threw: this slot must then return without an error
    /// @throws whatever `run` throws
    template <class Run, class Idle = NothingElse>
    [[nodiscard]] bool stage(std::size_t pieces, const Run& run, const Idle& idle = {}) {
      assert(stage_ < work_.most_stages_);
      Stage& stage = work_.stages_[stage_];
      Counter* const taken = &work_.shares_[stage_ * work_.slots_];
      ++stage_;
      const FailureGuard guard{stage};
      for (std::size_t i = 0; i < work_.slots_; ++i) {
        const std::size_t owner = (slot_ + i) % work_.slots_;
        const IndexRange share = Share{owner, work_.slots_}.of(pieces);
        for (std::size_t at = taken[owner].next(); at < share.size(); at = taken[owner].next()) {
          run(share.first + at);
          stage.finish_one(pieces);
        }
      }
      while (!stage.is_over(pieces) && idle()) std::this_thread::yield();
      return stage.wait(pieces);
    }

   private:
    StagedWork& work_;
    std::size_t slot_;
    std::size_t stage_ = 0;
  };

 private:
  static constexpr std::size_t kCacheLine = 64;

  // The number of pieces taken from one slot's share.
  struct alignas(kCacheLine) Counter {
    std::atomic<std::size_t> taken = 0;

    std::size_t next() { return taken.fetch_add(1, std::memory_order_relaxed); }
  };

  struct alignas(kCacheLine) Stage {
    std::atomic<std::size_t> done = 0;  ///< pieces; kFailed or more: one threw

    void finish_one(std::size_t pieces);
    void fail();
    bool is_over(std::size_t pieces) const {
      return done.load(std::memory_order_acquire) >= pieces;
    }
    bool wait(std::size_t pieces) const;
  };

  // Tells the other slots when an exception leaves its scope.
  struct FailureGuard {
    Stage& stage;
    int exceptions = std::uncaught_exceptions();
    ~FailureGuard() {
      if (std::uncaught_exceptions() > exceptions) stage.fail();
    }
  };

  std::size_t slots_;
  std::size_t most_stages_;
  std::unique_ptr<Stage[]> stages_;
  std::unique_ptr<Counter[]> shares_;  ///< (stage, slot)
};

}  // namespace lockstep
