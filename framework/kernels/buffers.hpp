#pragma once

// Flat buffers, element by element.
//
// Layouts: buffers of the same length, any alignment.
// Threading contract: free functions of their arguments; disjoint stretches may be worked on
// at once.

#include <span>

namespace lockstep {

/// gradient = sum / divisor
void divide_buffer(std::span<const float> sum, float divisor, std::span<float> gradient);

/// Whether no element is NaN or infinite.
bool all_finite(std::span<const float> values);

}  // namespace lockstep
