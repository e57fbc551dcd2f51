#pragma once

#include "data/formats/data_format.hpp"
#include "data/images/image_set.hpp"

namespace lockstep {

struct SyntheticRequest {
  DataPart part = DataPart::train;
  Index count = 0;     ///< at least 1
  Index channels = 1;  ///< at least 1; each has its own ink
  Index side = 28;     ///< rows and columns, at least 1: the drawing grows with them
};

/// Drawn digits, (N, channels, side, side) bytes, light on black: strokes of 0 to 9 with random
/// proportions, slant, rotation, place, width and ink, under noise.
///
/// Sample i of a part depends on (part, i) and the set's image size alone: not on any seed. A
/// longer set begins with the shorter one. Every machine draws the same bytes, because only + - * /
/// sqrt are used.
ImageSet synthetic_digits(const SyntheticRequest& request);

}  // namespace lockstep
