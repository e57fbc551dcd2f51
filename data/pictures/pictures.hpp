#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/images/image_set.hpp"

namespace lockstep {

struct PicturesRequest {
  std::vector<std::filesystem::path> files;  ///< PNG, JPEG, PGM or IDX images (raw or gzipped)
  Shape shape;                               ///< (C, H, W) of the model's input
  bool invert = false;                       ///< dark on white instead of light on black
};

/// Pictures without labels, ready for a network.
struct Pictures {
  ImageSet images;  ///< every label is 0 and means nothing
  std::vector<std::string>
      names;  ///< one per image: the file, and "#3" for the fourth image of an IDX file
};

/// Reads pictures, in order. Pictures of another size are inverted if asked for, then fitted
/// (`fit_into`) into the model's rows and columns.
/// @throws Error (data, usage) as `read_image_file` and `read_idx_images`
Pictures read_pictures(const PicturesRequest& request);

}  // namespace lockstep
