#pragma once

// Flat buffers of gradients or parameters: sums and scaling, element by element. The order of
// summation is that of the caller's tree.
//
// Layouts: contiguous, of the same length; any alignment. The output may be one of the inputs.
// Threading contract: free functions of their arguments.

#include <span>

namespace lockstep {

/// output = left + right
void add_buffers(std::span<const float> left, std::span<const float> right,
                 std::span<float> output);

/// output = input * factor
void scale_buffer(std::span<const float> input, float factor, std::span<float> output);

}  // namespace lockstep
