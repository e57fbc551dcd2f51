#include "data/pictures/pixel_image.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace lockstep {
namespace {

/// What one target pixel covers along one axis, in units of 1/target of a source pixel: target
/// pixel t covers [t * source, (t + 1) * source), source pixel s covers [s * target, ...).
struct Cover {
  Index first;  // source pixels [first, last)
  Index last;
};

Cover cover(Index target_position, Index source, Index target) {
  return {target_position * source / target,
          ((target_position + 1) * source + target - 1) / target};
}

Index overlap(Index source_position, Index target_position, Index source, Index target) {
  const Index low = std::max(target_position * source, source_position * target);
  const Index high = std::min((target_position + 1) * source, (source_position + 1) * target);
  return high - low;
}

std::uint8_t area_mean(const PixelImage& image, Index c, const PixelImage& target, Index y,
                       Index x) {
  const Cover down = cover(y, image.rows, target.rows);
  const Cover across = cover(x, image.columns, target.columns);
  Index sum = 0;
  for (Index sy = down.first; sy < down.last; ++sy) {
    const std::uint8_t* row = image.pixels.data() + (c * image.rows + sy) * image.columns;
    Index row_sum = 0;
    for (Index sx = across.first; sx < across.last; ++sx) {
      row_sum += row[sx] * overlap(sx, x, image.columns, target.columns);
    }
    sum += row_sum * overlap(sy, y, image.rows, target.rows);
  }
  const Index area = image.rows * image.columns;
  return static_cast<std::uint8_t>((sum + area / 2) / area);
}

PixelImage black(Index channels, Index rows, Index columns) {
  const auto size = static_cast<std::size_t>(channels * rows * columns);
  return {channels, rows, columns, std::vector<std::uint8_t>(size)};
}

PixelImage scaled(const PixelImage& image, Index rows, Index columns) {
  PixelImage target = black(image.channels, rows, columns);
  std::size_t at = 0;
  for (Index c = 0; c < target.channels; ++c) {
    for (Index y = 0; y < rows; ++y) {
      for (Index x = 0; x < columns; ++x) {
        target.pixels[at++] = area_mean(image, c, target, y, x);
      }
    }
  }
  return target;
}

/// The nearest integer to a / b, at least 1.
Index rounded_ratio(Index a, Index b) { return std::max<Index>(1, (2 * a + b) / (2 * b)); }

}  // namespace

PixelImage fit_into(PixelImage image, Index rows, Index columns) {
  assert(image.rows > 0 && image.columns > 0);
  if (image.rows == rows && image.columns == columns) return image;
  const bool fills_height = image.rows * columns >= image.columns * rows;
  const Index inner_rows = fills_height ? rows : rounded_ratio(image.rows * columns, image.columns);
  const Index inner_columns =
      fills_height ? rounded_ratio(image.columns * rows, image.rows) : columns;
  const PixelImage inner = scaled(image, inner_rows, inner_columns);
  PixelImage target = black(image.channels, rows, columns);
  const Index top = (rows - inner_rows) / 2;
  const Index left = (columns - inner_columns) / 2;
  for (Index c = 0; c < target.channels; ++c) {
    for (Index y = 0; y < inner_rows; ++y) {
      std::copy_n(inner.pixels.begin() + (c * inner_rows + y) * inner_columns, inner_columns,
                  target.pixels.begin() + (c * rows + top + y) * columns + left);
    }
  }
  return target;
}

PixelImage inverted(PixelImage image) {
  for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  return image;
}

}  // namespace lockstep
