#pragma once

// Tells the race detector about an order between threads that it cannot see for itself, because the
// library that makes it (oneTBB as packaged) is not instrumented. CMake compiles
// race_annotations_tsan.cpp in a build with the thread sanitizer and race_annotations_none.cpp,
// whose functions do nothing, in all others. Safe from any thread.

namespace lockstep::race_annotations {

/// What this thread has done so far happens before what follows the matching `acquire(address)`.
void release(void* address) noexcept;

/// What follows happens after everything that preceded `release(address)` on any thread.
void acquire(void* address) noexcept;

}  // namespace lockstep::race_annotations
