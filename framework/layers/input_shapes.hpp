#pragma once

// Checks of the inputs' shapes, shared by the layer files of this folder.

#include <fmt/format.h>

#include <span>

#include "framework/core/error.hpp"
#include "framework/core/lane_view.hpp"
#include "framework/core/shape.hpp"
#include "framework/kernels/window.hpp"

namespace lockstep {

/// The shape of the one input of a layer that takes exactly one.
/// @throws Error (usage) when there are more or none
inline const Shape& only_input(std::span<const Shape> inputs) {
  if (inputs.size() == 1) return inputs.front();
  throw Error(errors::kLayerInput,
              fmt::format("takes one input, but has {}; join several with an add or concat layer.",
                          inputs.size()));
}

/// Checks that the one input is an image, (channels, rows, columns).
/// @throws Error (usage) when it is not
inline const Shape& only_image(std::span<const Shape> inputs) {
  const Shape& input = only_input(inputs);
  if (input.rank() == 3) return input;
  throw Error(errors::kLayerInput,
              fmt::format("expected an image of (channels, rows, columns) as input, but found {} "
                          "numbers without rows and columns; put this layer before the flatten "
                          "layer.",
                          input.to_string()));
}

/// An image shape as the kernels take it.
inline ImageShape image_shape(const Shape& shape) {
  return {.channels = static_cast<std::size_t>(shape[0]),
          .rows = static_cast<std::size_t>(shape[1]),
          .columns = static_cast<std::size_t>(shape[2])};
}

}  // namespace lockstep
