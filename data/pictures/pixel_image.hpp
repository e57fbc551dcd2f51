#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "framework/core/shape.hpp"

namespace lockstep {

/// One picture, (C, H, W), bytes; 1 channel is grey, 3 are red, green, blue.
struct PixelImage {
  Index channels = 0;
  Index rows = 0;
  Index columns = 0;
  std::vector<std::uint8_t> pixels;
};

/// Fits a picture into (C, rows, columns) of the same channels.
///
/// A picture of the right size is returned as it is. Any other is scaled, keeping its proportions,
/// until it touches two opposite edges, and centred on black. A new pixel is the mean of the area
/// it covers, in integers, rounded to nearest, so that every machine gives the same bytes.
PixelImage fit_into(PixelImage image, Index rows, Index columns);

/// 255 - p for every pixel: dark writing on white paper becomes light on black, as in MNIST.
PixelImage inverted(PixelImage image);

}  // namespace lockstep
