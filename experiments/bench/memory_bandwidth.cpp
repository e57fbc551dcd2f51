#include "experiments/bench/memory_bandwidth.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "experiments/text/clock.hpp"
#include "framework/core/aligned_buffer.hpp"
#include "framework/core/lane_view.hpp"
#include "framework/kernels/machine_limits.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kKibi = 1024;
constexpr std::size_t kMebi = kKibi * kKibi;

// The size of a cache if the system tells it. Virtual machines often do not.
std::size_t cache_bytes(int name, std::size_t otherwise) {
  const long bytes = ::sysconf(name);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : otherwise;
}

double triad_bandwidth(std::size_t bytes) {
  constexpr int kWindows = 5;
  constexpr double kWindow = 0.01;  // seconds
  const std::size_t floats = bytes / (3 * sizeof(float)) / kLanes * kLanes;
  const AlignedBuffer<float> addend(floats);
  const AlignedBuffer<float> input(floats);
  AlignedBuffer<float> output(floats);
  const double moved = 3.0 * sizeof(float) * static_cast<double>(floats);
  double best = 0;
  for (int window = 0; window < kWindows; ++window) {
    const double start = seconds_now();
    double seconds = 0;
    double total = 0;
    do {
      run_triad({.addend = addend.span(),
                 .input = input.span(),
                 .factor = 0.5F,
                 .output = output.span()});
      total += moved;
      seconds = seconds_now() - start;
    } while (seconds < kWindow);
    best = std::max(best, total / seconds);
  }
  return best;
}

}  // namespace

std::vector<MemoryBandwidth> measure_memory_bandwidth() {
  const std::size_t first = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32 * kKibi);
  const std::size_t second = cache_bytes(_SC_LEVEL2_CACHE_SIZE, kMebi);
  const std::size_t last = cache_bytes(_SC_LEVEL3_CACHE_SIZE, 32 * kMebi);
  return {{"L1", triad_bandwidth(first / 2)},
          {"L2", triad_bandwidth(second / 2)},
          {"DRAM", triad_bandwidth(std::min(4 * last, 512 * kMebi))}};
}

}  // namespace lockstep
