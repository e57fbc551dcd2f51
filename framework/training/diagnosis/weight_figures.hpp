#pragma once

#include <cstddef>
#include <span>

namespace lockstep {

// Beyond these limits a step moves a layer's weights too far, or hardly at all. Both are shares of
// the weights' size.

/// If each step replaces half of the weights, they keep nothing of what they learned.
inline constexpr double kLargestUpdate = 0.5;
/// Close to 6e-8, the size of a change that single precision rounds away.
inline constexpr double kSmallestUpdate = 1e-6;

double root_mean_square(std::span<const float> values);

/// Root mean square of the change by a step, as a share of that of the values before it; NaN if
/// those are all zero.
double update_ratio(std::span<const float> before, std::span<const float> now);

/// Whether all units of a tensor, its equal consecutive parts, have the same weights and the same
/// gradients, so that they will always stay equal. @param units  at least one; a single unit has no
/// equal
bool has_equal_units(std::span<const float> weights, std::span<const float> gradient,
                     std::size_t units);

}  // namespace lockstep
