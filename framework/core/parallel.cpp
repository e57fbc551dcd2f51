#include "framework/core/parallel.hpp"

#include <algorithm>
#include <cassert>
#include <cfenv>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>

#include "framework/core/race_annotations.hpp"

namespace lockstep {

int available_threads() { return oneapi::tbb::info::default_concurrency(); }

void use_default_arithmetic() { std::fesetenv(FE_DFL_ENV); }

struct WorkerTeam::Arena {
  explicit Arena(int threads)
      : control(oneapi::tbb::global_control::max_allowed_parallelism,
                static_cast<std::size_t>(threads)),
        arena(threads) {}

  // oneTBB allows no more threads than the affinity mask has cores, unless this says otherwise.
  oneapi::tbb::global_control control;
  oneapi::tbb::task_arena arena;
};

WorkerTeam::WorkerTeam(int threads)
    : threads_(threads),
      concurrency_(std::min(threads, available_threads())),
      arena_(std::make_unique<Arena>(concurrency_)) {
  assert(threads >= 1);
}

WorkerTeam::~WorkerTeam() = default;

namespace {

// What the race detector must know: the fork happens before every task, and every task before the
// join (oneTBB's own synchronisation is invisible to it).
struct ForkJoin {
  SlotFunction body;
  char fork = 0;
  char join = 0;
};

// Releases also when an exception ends the scope: it travels from the slot's thread to the caller.
struct ReleaseAtEnd {
  void* address;
  __attribute__((no_sanitize("thread"))) ~ReleaseAtEnd() { race_annotations::release(address); }
};
struct AcquireAtEnd {
  void* address;
  __attribute__((no_sanitize("thread"))) ~AcquireAtEnd() { race_annotations::acquire(address); }
};

[[gnu::noinline]] void run_slot(const SlotFunction& body, int slot) {
  use_default_arithmetic();
  body(slot);
}

// Runs slots `first`, first + step, ... of `slots`, one after the other.
__attribute__((no_sanitize("thread"))) void run_task(ForkJoin& fork_join, int first, int step,
                                                     int slots) {
  race_annotations::acquire(&fork_join.fork);
  const ReleaseAtEnd release{&fork_join.join};
  for (int slot = first; slot < slots; slot += step) run_slot(fork_join.body, slot);
}

}  // namespace

void WorkerTeam::run(SlotFunction body) const {
  if (concurrency_ == 1) {
    for (int slot = 0; slot < threads_; ++slot) run_slot(body, slot);
    return;
  }
  ForkJoin fork_join{body};
  race_annotations::release(&fork_join.fork);
  const AcquireAtEnd acquire{&fork_join.join};
  arena_->arena.execute([&] {
    oneapi::tbb::parallel_for(
        0, concurrency_,
        [&](int slot) __attribute__((no_sanitize("thread"))) {
          run_task(fork_join, slot, concurrency_, threads_);
        },
        oneapi::tbb::static_partitioner{});
  });
}

}  // namespace lockstep
