#pragma once

// Operations on whole activations, element by element.
//
// Layouts: all views of a call have the same features and blocks; each in either layout of
// BasicLaneView, so that `copy_lanes` also changes the layout.
// Threading contract: free functions of their arguments.

#include "framework/core/lane_view.hpp"

namespace lockstep {

/// output = input
void copy_lanes(ConstLaneView input, LaneView output);

/// output = left + right; output may be one of them
void add_lanes(ConstLaneView left, ConstLaneView right, LaneView output);

/// total += term
void accumulate_lanes(ConstLaneView term, LaneView total);

/// output = factor != 0 ? input * factor : +0
void scale_kept_lanes(ConstLaneView input, ConstLaneView factor, LaneView output);

/// `count` features of a view, from `first` on.
template <class T>
BasicLaneView<T> feature_range(const BasicLaneView<T>& view, std::size_t first, std::size_t count) {
  assert(first + count <= view.features);
  return {view.data + first * view.feature_stride, count, view.blocks, view.feature_stride,
          view.block_stride};
}

}  // namespace lockstep
