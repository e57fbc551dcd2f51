#pragma once

#include <cstddef>

#include "framework/core/lane_view.hpp"

namespace lockstep {

/// The gradient of some rows of a convolution's output, in one block: (O, rows, columns, 16).
struct GradientRows {
  const float* data;
  std::size_t columns;
  std::size_t first = 0;  ///< output row that comes first here
  std::size_t rows = 0;

  /// The first position of a row, counted from `first`.
  const float* at(std::size_t filter, std::size_t row) const {
    return data + (filter * rows + row) * columns * kLanes;
  }
};

}  // namespace lockstep
