#include "experiments/report/pictures.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "data/pictures/image_file.hpp"
#include "experiments/text/base64.hpp"

namespace lockstep {

std::size_t PictureSheet::add(Index sample) {
  const auto [place, is_new] = places_.try_emplace(sample, samples_.size());
  if (is_new) samples_.push_back(sample);
  return place->second;
}

std::uint8_t PictureSheet::pixel(Index sample, Index c, Index y, Index x) const {
  const ImageSet& images = split_.images();
  const Shape& shape = images.sample_shape();
  const auto at = static_cast<std::size_t>(
      (((split_.range().first + sample) * shape[0] + c) * shape[1] + y) * shape[2] + x);
  if (images.has_bytes()) return images.bytes()[at];
  return static_cast<std::uint8_t>(std::lround(255 * std::clamp(images.floats()[at], 0.0F, 1.0F)));
}

PixelImage PictureSheet::draw() const {
  const Index rows = split_.sample_shape()[1];
  const Index columns = split_.sample_shape()[2];
  const auto count = static_cast<Index>(samples_.size());
  PixelImage sheet{.channels = channels(),
                   .rows = (count + kColumns - 1) / kColumns * rows,
                   .columns = std::min(count, kColumns) * columns,
                   .pixels = {}};
  sheet.pixels.resize(static_cast<std::size_t>(sheet.channels * sheet.rows * sheet.columns));
  for (Index place = 0; place < count; ++place) {
    const Index top = place / kColumns * rows;
    const Index left = place % kColumns * columns;
    for (Index c = 0; c < sheet.channels; ++c) {
      for (Index y = 0; y < rows; ++y) {
        for (Index x = 0; x < columns; ++x) {
          const Index at = (c * sheet.rows + top + y) * sheet.columns + left + x;
          sheet.pixels[static_cast<std::size_t>(at)] =
              pixel(samples_[static_cast<std::size_t>(place)], c, y, x);
        }
      }
    }
  }
  return sheet;
}

nlohmann::ordered_json PictureSheet::to_json() const {
  return {{"uri", "data:image/png;base64," + base64(encode_png(draw()))},
          {"columns", kColumns},
          {"width", split_.sample_shape()[2]},
          {"height", split_.sample_shape()[1]}};
}

}  // namespace lockstep
