#include "framework/core/staged_work.hpp"

#include <limits>
#include <thread>

namespace lockstep {
namespace {

constexpr std::size_t kFailed = std::numeric_limits<std::size_t>::max() / 2;

}  // namespace

void StagedWork::start() {
  for (std::size_t i = 0; i < most_stages_; ++i) {
    stages_[i].done.store(0, std::memory_order_relaxed);
  }
  for (std::size_t i = 0; i < most_stages_ * slots_; ++i) {
    shares_[i].taken.store(0, std::memory_order_relaxed);
  }
}

void StagedWork::Stage::finish_one(std::size_t pieces) {
  if (done.fetch_add(1, std::memory_order_acq_rel) + 1 == pieces) done.notify_all();
}

void StagedWork::Stage::fail() {
  done.fetch_add(kFailed, std::memory_order_acq_rel);
  done.notify_all();
}

// A short wait keeps the core. A long one yields it to threads that have work.
bool StagedWork::Stage::wait(std::size_t pieces) const {
  constexpr int kAwake = 10000;  // a few milliseconds
  for (int turn = 0;; ++turn) {
    const std::size_t now = done.load(std::memory_order_acquire);
    if (now >= kFailed) return false;
    if (now >= pieces) return true;
    turn < kAwake ? std::this_thread::yield() : done.wait(now, std::memory_order_acquire);
  }
}

}  // namespace lockstep
