#pragma once

#include <cassert>
#include <cstddef>

namespace lockstep {

/// Rows and columns of something two-dimensional.
struct Extent2d {
  std::size_t rows = 1;
  std::size_t columns = 1;

  std::size_t size() const { return rows * columns; }
  friend bool operator==(const Extent2d&, const Extent2d&) = default;
};

/// One sample's image, (C, H, W).
struct ImageShape {
  std::size_t channels = 1;
  std::size_t rows = 1;
  std::size_t columns = 1;

  std::size_t size() const { return channels * rows * columns; }
};

/// A window that slides over an image: its extent, its step and the border it may overlap.
/// Window (oy, ox) covers rows oy * stride - padding + ky and columns ox * stride - padding + kx.
struct Window {
  Extent2d kernel{.rows = 1, .columns = 1};
  Extent2d stride{.rows = 1, .columns = 1};
  Extent2d padding{.rows = 0, .columns = 0};
};

/// floor((size + 2 * padding - kernel) / stride) + 1; the kernel must fit the padded size.
constexpr std::size_t window_count(std::size_t size, std::size_t kernel, std::size_t stride,
                                   std::size_t padding) {
  assert(kernel >= 1 && stride >= 1 && size + 2 * padding >= kernel);
  return (size + 2 * padding - kernel) / stride + 1;
}

/// A position that may lie before the start of an image.
using Offset = std::ptrdiff_t;

constexpr Offset signed_size(std::size_t size) { return static_cast<Offset>(size); }

/// Whether a position lies in [0, size).
constexpr bool is_inside(Offset position, std::size_t size) {
  return position >= 0 && position < signed_size(size);
}

/// A window and the image it slides over: the whole geometry of a kernel for convolution or
/// pooling.
///
struct WindowedImage {
  ImageShape image;
  Window window;

  /// Positions of the window.
  Extent2d output() const {
    return {.rows = window_count(image.rows, window.kernel.rows, window.stride.rows,
                                 window.padding.rows),
            .columns = window_count(image.columns, window.kernel.columns, window.stride.columns,
                                    window.padding.columns)};
  }
};

}  // namespace lockstep
