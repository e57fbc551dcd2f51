#pragma once

#include <chrono>
#include <ctime>

namespace lockstep {

/// Seconds since a fixed moment. Never goes back.
inline double seconds_now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

/// Seconds of computing by all threads of this process.
inline double cpu_seconds_now() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

}  // namespace lockstep
