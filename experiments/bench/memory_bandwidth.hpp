#pragma once

#include <string>
#include <vector>

namespace lockstep {

/// Bytes per second between one core and a part of the memory.
struct MemoryBandwidth {
  std::string level;  ///< "L1", "L2", "DRAM"
  double bytes_per_second;
};

/// Measures triads (two floats read, one written) over three sizes of memory: half of the first
/// cache, half of the second, and four times the last. The best of several windows counts.
std::vector<MemoryBandwidth> measure_memory_bandwidth();

}  // namespace lockstep
