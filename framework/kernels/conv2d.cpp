#include "framework/kernels/conv2d.hpp"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/conv2d.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// Pixels side by side in a tile; the other side of a tile is output or input channels.
constexpr std::size_t kPixels = 4;
/// Channels in a tile of kPixels, and in a tile of one pixel.
constexpr std::size_t kWideChannels = kManyRegisters ? 6 : 2;
constexpr std::size_t kNarrowChannels = 6;

/// One row of outputs of one block and one part of its lanes.
struct ForwardRow {
  const Conv2dGeometry& geometry;
  const Conv2dForward& arguments;
  Extent2d count;      // of outputs
  const float* input;  // feature 0
  float* output;       // feature 0
  std::size_t row;     // oy
};

/// kTilePixels outputs from `column` on; checked: some of their taps may lie outside the image.
template <std::size_t kTilePixels, bool kChecked>
struct ForwardTile {
  const ForwardRow& at;
  std::size_t column;

  template <std::size_t kFilters>
  HWY_INLINE void run(std::size_t filter) const {
    V sums[kFilters][kTilePixels];
    const auto bias = at.arguments.bias;
    for (std::size_t f = 0; f < kFilters; ++f) {
      const V first = bias.empty() ? hn::Zero(D()) : hn::Set(D(), bias[filter + f]);
      for (std::size_t p = 0; p < kTilePixels; ++p) sums[f][p] = first;
    }
    const auto& [image, window] = at.geometry.input;
    const Offset top = signed_size(at.row * window.stride.rows) - signed_size(window.padding.rows);
    for (std::size_t c = 0; c < image.channels; ++c) {
      for (std::size_t ky = 0; ky < window.kernel.rows; ++ky) {
        const Offset y = top + signed_size(ky);
        if (!is_inside(y, image.rows)) continue;
        add_row(sums, signed_size(c * image.rows) + y,
                ((filter * image.channels + c) * window.kernel.rows + ky) * window.kernel.columns);
      }
    }
    store(sums, filter);
  }

  /// Taps of one kernel row; `line` counts rows of the image over all channels.
  template <std::size_t kFilters>
  HWY_INLINE void add_row(V (&sums)[kFilters][kTilePixels], Offset line,
                          std::size_t first_weight) const {
    const auto& [image, window] = at.geometry.input;
    const std::size_t per_filter = at.geometry.weights_per_filter();
    const Offset left =
        signed_size(column * window.stride.columns) - signed_size(window.padding.columns);
    const Offset stride = signed_size(at.arguments.input.feature_stride);
    const Offset step = signed_size(window.stride.columns);
    const float* HWY_RESTRICT weight = at.arguments.weight.data() + first_weight;
    const float* HWY_RESTRICT pixel =
        at.input + (line * signed_size(image.columns) + left) * stride;
    for (std::size_t kx = 0; kx < window.kernel.columns; ++kx, ++weight, pixel += stride) {
      for (std::size_t p = 0; p < kTilePixels; ++p) {
        const Offset shift = signed_size(p) * step;
        if (!kChecked || is_inside(left + signed_size(kx) + shift, image.columns)) {
          const V x = hn::Load(D(), pixel + shift * stride);
          for (std::size_t f = 0; f < kFilters; ++f) {
            sums[f][p] = fused(hn::Set(D(), weight[f * per_filter]), x, sums[f][p]);
          }
        }
      }
    }
  }

  template <std::size_t kFilters>
  HWY_INLINE void store(const V (&sums)[kFilters][kTilePixels], std::size_t filter) const {
    for (std::size_t f = 0; f < kFilters; ++f) {
      const std::size_t feature =
          ((filter + f) * at.count.rows + at.row) * at.count.columns + column;
      for (std::size_t p = 0; p < kTilePixels; ++p) {
        hn::Store(sums[f][p], D(), at.output + (feature + p) * at.arguments.output.feature_stride);
      }
    }
  }
};

void forward_row(const ForwardRow& at) {
  const auto& [image, window] = at.geometry.input;
  const std::size_t filters = at.geometry.filters;
  std::size_t column = 0;
  for (; column + kPixels <= at.count.columns; column += kPixels) {
    const std::size_t last = (column + kPixels - 1) * window.stride.columns;
    const bool inside = column * window.stride.columns >= window.padding.columns &&
                        last + window.kernel.columns <= image.columns + window.padding.columns;
    if (inside) {
      for_tiles<kWideChannels>(filters, ForwardTile<kPixels, false>{at, column});
    } else {
      for_tiles<kWideChannels>(filters, ForwardTile<kPixels, true>{at, column});
    }
  }
  for (; column < at.count.columns; ++column) {
    for_tiles<kNarrowChannels>(filters, ForwardTile<1, true>{at, column});
  }
}

void forward(const Conv2dGeometry& geometry, const Conv2dForward& arguments) {
  const Extent2d count = geometry.input.output();
  for (std::size_t block = 0; block < arguments.input.blocks; ++block) {
    for (std::size_t row = 0; row < count.rows; ++row) {
      for (std::size_t part = 0; part < kParts; ++part) {
        forward_row({.geometry = geometry,
                     .arguments = arguments,
                     .count = count,
                     .input = arguments.input.at(0, block) + part * kWidth,
                     .output = arguments.output.at(0, block) + part * kWidth,
                     .row = row});
      }
    }
  }
}

/// One row of input gradients of one block and one part of its lanes.
struct GradientRow {
  const Conv2dGeometry& geometry;
  const Conv2dInputGradient& arguments;
  Extent2d count;                // of outputs
  const float* output_gradient;  // feature 0
  float* input_gradient;         // feature 0
  std::size_t row;               // y
};

/// kTilePixels input pixels, `stride` apart from `column` on, so that the same taps reach them all;
/// checked: some taps have no output there.
template <std::size_t kTilePixels, bool kChecked>
struct GradientTile {
  const GradientRow& at;
  std::size_t column;

  template <std::size_t kChannels>
  HWY_INLINE void run(std::size_t channel) const {
    V sums[kChannels][kTilePixels];
    for (std::size_t c = 0; c < kChannels; ++c) {
      for (std::size_t p = 0; p < kTilePixels; ++p) sums[c][p] = hn::Zero(D());
    }
    const auto& [image, window] = at.geometry.input;
    const std::size_t shifted = at.row + window.padding.rows;  // oy * stride + ky
    for (std::size_t o = 0; o < at.geometry.filters; ++o) {
      const std::size_t plane = (o * image.channels + channel) * window.kernel.rows;
      for (std::size_t ky = shifted % window.stride.rows; ky < window.kernel.rows && ky <= shifted;
           ky += window.stride.rows) {
        const std::size_t oy = (shifted - ky) / window.stride.rows;
        if (oy >= at.count.rows) continue;
        add_row(sums, o * at.count.rows + oy, (plane + ky) * window.kernel.columns);
      }
    }
    store(sums, channel);
  }

  /// Taps of one kernel row; `line` counts rows of the output over all filters.
  template <std::size_t kChannels>
  HWY_INLINE void add_row(V (&sums)[kChannels][kTilePixels], std::size_t line,
                          std::size_t first_weight) const {
    const Window& window = at.geometry.input.window;
    const std::size_t shifted = column + window.padding.columns;  // ox * stride + kx
    const Offset stride = signed_size(at.arguments.output_gradient.feature_stride);
    const float* HWY_RESTRICT weights = at.arguments.weight.data() + first_weight;
    std::size_t kx = shifted % window.stride.columns;
    Offset ox = signed_size(shifted / window.stride.columns);
    const float* HWY_RESTRICT pixel =
        at.output_gradient + (signed_size(line * at.count.columns) + ox) * stride;
    for (; kx < window.kernel.columns; kx += window.stride.columns, --ox, pixel -= stride) {
      for (std::size_t p = 0; p < kTilePixels; ++p) {
        if (!kChecked || is_inside(ox + signed_size(p), at.count.columns)) {
          const V g = hn::Load(D(), pixel + signed_size(p) * stride);
          for (std::size_t c = 0; c < kChannels; ++c) {
            const float weight = weights[c * window.kernel.size() + kx];
            sums[c][p] = fused(hn::Set(D(), weight), g, sums[c][p]);
          }
        }
      }
    }
  }

  template <std::size_t kChannels>
  HWY_INLINE void store(const V (&sums)[kChannels][kTilePixels], std::size_t channel) const {
    const auto& [image, window] = at.geometry.input;
    for (std::size_t c = 0; c < kChannels; ++c) {
      const std::size_t feature = ((channel + c) * image.rows + at.row) * image.columns + column;
      for (std::size_t p = 0; p < kTilePixels; ++p) {
        hn::Store(sums[c][p], D(),
                  at.input_gradient + (feature + p * window.stride.columns) *
                                          at.arguments.input_gradient.feature_stride);
      }
    }
  }
};

void gradient_row(const GradientRow& at) {
  const auto& [image, window] = at.geometry.input;
  const std::size_t step = window.stride.columns;
  const std::size_t padding = window.padding.columns;
  for (std::size_t residue = 0; residue < std::min(step, image.columns); ++residue) {
    std::size_t column = residue;
    for (; column + (kPixels - 1) * step < image.columns; column += kPixels * step) {
      const std::size_t last = (column + padding) / step + kPixels - 1;  // ox of tap 0
      const bool inside = column + padding + 1 >= window.kernel.columns && last < at.count.columns;
      if (inside) {
        for_tiles<kWideChannels>(image.channels, GradientTile<kPixels, false>{at, column});
      } else {
        for_tiles<kWideChannels>(image.channels, GradientTile<kPixels, true>{at, column});
      }
    }
    for (; column < image.columns; column += step) {
      for_tiles<kNarrowChannels>(image.channels, GradientTile<1, true>{at, column});
    }
  }
}

void input_gradient(const Conv2dGeometry& geometry, const Conv2dInputGradient& arguments) {
  const Extent2d count = geometry.input.output();
  for (std::size_t block = 0; block < arguments.input_gradient.blocks; ++block) {
    for (std::size_t row = 0; row < geometry.input.image.rows; ++row) {
      for (std::size_t part = 0; part < kParts; ++part) {
        gradient_row({.geometry = geometry,
                      .arguments = arguments,
                      .count = count,
                      .output_gradient = arguments.output_gradient.at(0, block) + part * kWidth,
                      .input_gradient = arguments.input_gradient.at(0, block) + part * kWidth,
                      .row = row});
      }
    }
  }
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(forward);
HWY_EXPORT(input_gradient);

void conv2d_forward(const Conv2dGeometry& geometry, const Conv2dForward& arguments) {
  assert(arguments.input.features == geometry.input.image.size());
  assert(arguments.output.features == geometry.filters * geometry.input.output().size());
  assert(arguments.input.blocks == arguments.output.blocks);
  assert(arguments.weight.size() == geometry.weights());
  assert(arguments.bias.empty() || arguments.bias.size() == geometry.filters);
  HWY_DYNAMIC_DISPATCH(forward)(geometry, arguments);
}

void conv2d_input_gradient(const Conv2dGeometry& geometry, const Conv2dInputGradient& arguments) {
  assert(arguments.input_gradient.features == geometry.input.image.size());
  assert(arguments.output_gradient.features == geometry.filters * geometry.input.output().size());
  assert(arguments.input_gradient.blocks == arguments.output_gradient.blocks);
  assert(arguments.weight.size() == geometry.weights());
  HWY_DYNAMIC_DISPATCH(input_gradient)(geometry, arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
