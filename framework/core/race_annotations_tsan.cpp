#include "framework/core/race_annotations.hpp"

// The sanitizer's run-time library defines these (sanitizer/tsan_interface.h).
extern "C" {
void __tsan_release(void* address);  // NOLINT(bugprone-reserved-identifier)
void __tsan_acquire(void* address);  // NOLINT(bugprone-reserved-identifier)
}

namespace lockstep::race_annotations {

void release(void* address) noexcept { __tsan_release(address); }

void acquire(void* address) noexcept { __tsan_acquire(address); }

}  // namespace lockstep::race_annotations
