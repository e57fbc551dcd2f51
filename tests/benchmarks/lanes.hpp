#pragma once

// What the benchmarks share: memory with numbers in it, and counters.

#include <benchmark/benchmark.h>
#include <cstddef>
#include <cstdint>

#include "framework/core/aligned_buffer.hpp"
#include "framework/core/lane_view.hpp"

namespace lockstep {

/// Numbers in [-1, 1) that are the same in every run.
inline AlignedBuffer<float> filled_buffer(std::size_t size) {
  AlignedBuffer<float> buffer(size);
  std::uint32_t state = 1;
  for (float& value : buffer.span()) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 8U) * 0x1p-23F - 1.0F;
  }
  return buffer;
}

/// An activation of some blocks of 16 samples with its memory.
class Lanes {
 public:
  Lanes(std::size_t features, std::size_t blocks)
      : memory_(filled_buffer(features * blocks * kLanes)), features_(features), blocks_(blocks) {}

  /// (block, feature, 16)
  LaneView blocked() { return blocked_view(memory_.span().data(), features_, blocks_); }
  /// (feature, m)
  LaneView whole() { return whole_view(memory_.span().data(), features_, blocks_); }

 private:
  AlignedBuffer<float> memory_;
  std::size_t features_;
  std::size_t blocks_;
};

/// Floating point operations of one iteration, shown as a rate; two for a multiply-add.
inline void count_operations(benchmark::State& state, double operations) {
  state.counters["FLOP"] =
      benchmark::Counter(operations, benchmark::Counter::kIsIterationInvariantRate);
}

/// Bytes that one iteration reads and writes, each once, shown as a rate.
inline void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

}  // namespace lockstep
