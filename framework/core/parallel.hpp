#pragma once

#include <memory>
#include <type_traits>

namespace lockstep {

/// Cores this process may run on: its affinity mask, never the machine's core count.
int available_threads();

/// Gives the calling thread the arithmetic that defines results: round to nearest, no flushing of
/// denormals. A library loaded earlier may have left other settings behind.
void use_default_arithmetic();

/// Borrowed reference to something callable with a slot number; allocates nothing.
class SlotFunction {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, SlotFunction>)
      SlotFunction(const F& function)  // NOLINT(google-explicit-constructor)
      : object_(&function),
        call_([](const void* object, int slot) { (*static_cast<const F*>(object))(slot); }) {}

  void operator()(int slot) const { call_(object_, slot); }

 private:
  const void* object_;
  void (*call_)(const void*, int);
};

/// A team of threads. One `run` is one fork and join.
///
/// Threading contract: `run` is called by one thread at a time and not from inside a slot.
class WorkerTeam {
 public:
  /// @param threads  at least 1; may exceed the affinity mask if the user asks for that
  explicit WorkerTeam(int threads);
  ~WorkerTeam();
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;

  int threads() const { return threads_; }
  /// Threads that can run at the same time: no more than the affinity mask has cores.
  int concurrency() const { return concurrency_; }

  /// Calls `body(slot)` once for each slot in [0, threads), with as many calls at a time as there
  /// are cores, and returns when all have returned. Two slots may run one after the other on the
  /// same thread. Every slot starts with rounding to nearest and without flushing of denormals. The
  /// first exception is rethrown. Allocates nothing after the first call.
  void run(SlotFunction body) const;

 private:
  struct Arena;
  int threads_;
  int concurrency_;
  std::unique_ptr<Arena> arena_;
};

}  // namespace lockstep
