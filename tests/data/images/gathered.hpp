#pragma once

// Copies out what a data set puts into lanes.

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/core/lane_view.hpp"
#include "framework/training/step/dataset.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep::testing {

struct Gathered {
  std::vector<float> values;  // (features, lanes)
  std::size_t lanes;

  float at(std::size_t feature, std::size_t lane) const { return values[feature * lanes + lane]; }

  std::vector<float> of_lane(std::size_t lane) const {
    std::vector<float> image;
    for (std::size_t f = 0; f < values.size() / lanes; ++f) image.push_back(at(f, lane));
    return image;
  }
};

/// Gathers into memory that was full of NaN, and copies it out as (features, lanes). Lanes beyond
/// the given samples repeat the last.
inline Gathered gather(const Dataset& data, GatherRequest request, std::size_t blocks,
                       Layout layout) {
  std::vector<Index> samples(request.samples.begin(), request.samples.end());
  samples.resize(blocks * kLanes, samples.back());
  request.samples = samples;
  const auto features = static_cast<std::size_t>(data.sample_shape().size());
  AlignedBuffer<float> memory(features * blocks * kLanes);
  std::fill(memory.span().begin(), memory.span().end(), std::numeric_limits<float>::quiet_NaN());
  float* const floats = memory.span().data();
  const LaneView view = layout == Layout::blocked ? blocked_view(floats, features, blocks)
                                                  : whole_view(floats, features, blocks);
  data.gather(request, view);
  Gathered result{.values = {}, .lanes = blocks * kLanes};
  for (std::size_t f = 0; f < features; ++f) {
    for (std::size_t lane = 0; lane < result.lanes; ++lane) {
      result.values.push_back(view.at(f, lane / kLanes)[lane % kLanes]);
    }
  }
  return result;
}

}  // namespace lockstep::testing
