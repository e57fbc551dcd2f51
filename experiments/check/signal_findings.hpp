#pragma once

// What happens to a signal on its way through the initial weights.

#include <optional>

#include "experiments/check/findings.hpp"

namespace lockstep {

/// Larger outputs are not those of a network that knows nothing yet.
inline constexpr double kLargestOutput = 5;

/// Rectifiers and squashing functions that pass on hardly any gradient. Going from the input on, it
/// reports the first layer that no earlier finding explains, and each layer with a cause of its
/// own.
void add_lost_units(const CheckFacts& facts, CheckFindings& findings);

/// Weights that make a signal vanish or explode.
void add_wrong_signal(const CheckFacts& facts, CheckFindings& findings);

/// Sigmoids that shrink the difference between images too much; nothing if there are no sigmoids.
std::optional<CheckFinding> shrinking_sigmoids(const CheckFacts& facts);

}  // namespace lockstep
