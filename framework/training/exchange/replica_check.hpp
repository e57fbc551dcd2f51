#pragma once

#include <span>

#include "framework/core/digest.hpp"
#include "framework/core/shape.hpp"

namespace lockstep {

/// Every rank has the same weights after each step. If they differ, a machine has miscalculated.
/// @param by_rank  digests of the weights after `step` steps
/// @throws CollectiveError (numeric) that names the first rank that differs from rank 0
void require_same_weights(std::span<const Digest> by_rank, Index step);

}  // namespace lockstep
