#pragma once

#include <cstddef>
#include <vector>

#include "framework/graph/parameter_store.hpp"
#include "framework/graph/plan.hpp"

namespace lockstep {

/// A stretch of the flat gradient that travels between ranks on its own.
struct GradientBucket {
  std::size_t first = 0;  ///< floats
  std::size_t size = 0;
  std::size_t last_step = 0;  ///< of the plan: complete once its backward has run
};

inline constexpr std::size_t kMostBuckets = 2;

/// The gradient of a plan in the order in which backward completes it: two buckets, of which the
/// first travels while at least half of backward's multiply-adds, those of the first layers, are
/// still to be done; or one, for a rank alone and for a network without such a place.
std::vector<GradientBucket> gradient_buckets(const Plan& plan, const ParameterLayout& layout,
                                             int ranks);

}  // namespace lockstep
