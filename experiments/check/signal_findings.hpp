#pragma once

// What becomes of a signal on its way through the initial weights.

#include <optional>

#include "experiments/check/findings.hpp"

namespace lockstep {

/// Outputs beyond it are no longer those of a network that knows nothing yet.
inline constexpr double kLargestOutput = 5;

/// Rectifiers and squashing functions that pass hardly any gradient on. From the input on: the
/// first that no finding before explains, and each that has a cause of its own.
void add_lost_units(const CheckFacts& facts, CheckFindings& findings);

/// Weights by which a signal vanishes or explodes.
void add_wrong_signal(const CheckFacts& facts, CheckFindings& findings);

/// Sigmoids, blamed for a difference between images that they shrink; none where there are none.
std::optional<CheckFinding> shrinking_sigmoids(const CheckFacts& facts);

}  // namespace lockstep
