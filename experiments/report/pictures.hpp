#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "data/images/image_split.hpp"
#include "data/pictures/pixel_image.hpp"

namespace lockstep {

/// Pictures of a split's samples on one sheet, 32 per row, without repetition.
class PictureSheet {
 public:
  /// @param split  outlives this
  explicit PictureSheet(const ImageSplit& split) : split_(split) {}

  /// @return the picture's place on the sheet
  std::size_t add(Index sample);

  /// Samples in the order of their places.
  const std::vector<Index>& samples() const { return samples_; }
  /// Bytes of a picture on the sheet before it is packed.
  Index bytes_each() const {
    return channels() * split_.sample_shape()[1] * split_.sample_shape()[2];
  }

  /// The URI of the sheet, and how to find pictures on it.
  nlohmann::ordered_json to_json() const;

 private:
  static constexpr Index kColumns = 32;

  const ImageSplit& split_;
  std::vector<Index> samples_;
  std::map<Index, std::size_t> places_;

  // A picture with neither one nor three channels is shown by its first channel.
  Index channels() const { return split_.sample_shape()[0] == 3 ? 3 : 1; }
  PixelImage draw() const;
  std::uint8_t pixel(Index sample, Index c, Index y, Index x) const;
};

}  // namespace lockstep
