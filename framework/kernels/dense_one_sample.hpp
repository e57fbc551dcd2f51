#pragma once

// The forward pass of dense.hpp for one sample alone: vectors hold outputs instead of samples.
//
// Layouts: input (I) and output (O) without lanes. Weights are packed once, see pack_dense. The
// bits are those of a lane of dense_forward.
// Threading contract: free functions of their arguments; the memory written must not be shared.

#include <cstddef>
#include <span>

#include "framework/kernels/epilogue.hpp"

namespace lockstep {

struct DenseOneSample {
  std::span<const float> input;   ///< I
  std::span<const float> packed;  ///< as pack_dense left it
  std::span<float> output;        ///< O
};

/// Floats that pack_dense fills.
std::size_t packed_dense_size(std::size_t inputs, std::size_t outputs);

/// Packs to (1 + I, O), with each row padded with +0 to whole groups of 16 outputs. The first row
/// is the bias.
/// @param weight  (O, I)
/// @param bias    O, or empty: without bias
/// @param packed  64-byte aligned, packed_dense_size floats
void pack_dense(std::span<const float> weight, std::span<const float> bias, std::size_t outputs,
                std::span<float> packed);

/// The arithmetic is that of dense_forward.
void dense_one_sample(Activation activation, const DenseOneSample& arguments);

}  // namespace lockstep
