#pragma once

#include <cstddef>
#include <vector>

#include "framework/graph/parameter_store.hpp"
#include "framework/graph/plan.hpp"

namespace lockstep {

/// A stretch of the flat gradient that travels between ranks by itself.
struct GradientBucket {
  std::size_t first = 0;  ///< floats
  std::size_t size = 0;
  std::size_t last_step = 0;  ///< step of the plan whose backward completes it
};

inline constexpr std::size_t kMostBuckets = 2;

/// The gradient of a plan in the order in which backward completes it. There are two buckets: the
/// first travels while at least half of backward's multiply-adds, those of the first layers, are
/// still to be done. There is one bucket for a single rank and for a network without such a place.
std::vector<GradientBucket> gradient_buckets(const Plan& plan, const ParameterLayout& layout,
                                             int ranks);

}  // namespace lockstep
