#pragma once

// What bounds every kernel on a machine: its fused multiply-adds and its memory. The caller
// measures the time. Threading contract: free functions of their arguments.

#include <cstddef>
#include <span>

namespace lockstep {

/// Independent multiply-adds in `run_fused_multiply_adds`: more than two units with a latency of
/// four cycles can have in progress.
inline constexpr std::size_t kFmaChains = 12;
inline constexpr float kFmaFactor = 0.999F;
inline constexpr float kFmaAddend = 0.001F;

struct FusedMultiplyAdds {
  double operations;  ///< floating point: two for each multiply-add of each lane
  float sum;          ///< of the chains' last values, in their order
};

/// Does nothing but fused multiply-adds, in vectors as wide as the kernels'. Chain i starts at 1 +
/// i, so that no two are the same and none can be optimised away, and takes fma(x, factor, addend)
/// in each round.
FusedMultiplyAdds run_fused_multiply_adds(std::size_t rounds);

struct Triad {
  std::span<const float> addend;
  std::span<const float> input;
  float factor;
  std::span<float> output;  ///< 64-byte aligned, as the others; a multiple of 16 long
};

/// output = fma(factor, input, addend): for each element two floats are read and one is written.
void run_triad(const Triad& arguments);

}  // namespace lockstep
