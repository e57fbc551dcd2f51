#pragma once

#include <string>
#include <vector>

namespace lockstep {

/// Bytes a second between one core and a part of the memory.
struct MemoryBandwidth {
  std::string level;  ///< "L1", "L2", "DRAM"
  double bytes_per_second;
};

/// Measures triads (two floats read, one written) over as much memory as fits half of the first and
/// second cache, and four times the last one. Best of several windows.
std::vector<MemoryBandwidth> measure_memory_bandwidth();

}  // namespace lockstep
