#pragma once

#include <cstddef>
#include <span>

namespace lockstep {

// From where on a step moves a layer's weights too far, or no longer; shares of their size.

/// Weights that are half replaced by each step keep nothing of what they learned.
inline constexpr double kLargestUpdate = 0.5;
/// Near the 6e-8 below which single precision rounds a change off.
inline constexpr double kSmallestUpdate = 1e-6;

double root_mean_square(std::span<const float> values);

/// Root mean square of what a step changed, as a part of that of the values before it; NaN when
/// those are all zero.
double update_ratio(std::span<const float> before, std::span<const float> now);

/// Whether all of a tensor's units, its equal first parts, have the same weights and gradients, and
/// hence for ever. @param units  at least one; a single one has no equal
bool has_equal_units(std::span<const float> weights, std::span<const float> gradient,
                     std::size_t units);

}  // namespace lockstep
