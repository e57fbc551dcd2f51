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
/// Sample i of a part is a function of (part, i) and its size alone: no seed reaches it, a longer
/// set begins with the shorter one, and every machine draws the same bytes (only + - * / sqrt are
/// used).
ImageSet synthetic_digits(const SyntheticRequest& request);

}  // namespace lockstep
