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

using Offset = std::ptrdiff_t;

/// Pixels side by side in a tile; the other side of a tile is output or input channels.
constexpr std::size_t kPixels = 4;
/// Channels in a tile of kPixels, and in a tile of one pixel.
constexpr std::size_t kWideChannels = kManyRegisters ? 6 : 2;
constexpr std::size_t kNarrowChannels = 6;

Offset signed_size(std::size_t size) { return static_cast<Offset>(size); }

bool is_inside(Offset position, std::size_t size) {
  return position >= 0 && position < signed_size(size);
}

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

/// Kernel columns and filters whose weights are summed side by side.
constexpr std::size_t kWideTaps = 5;
constexpr std::size_t kTapFilters = kManyRegisters ? 4 : 2;

/// The sums of weights (o, channel, kernel_row, .) over one block and one part of its lanes.
struct WeightRow {
  const Conv2dGeometry& geometry;
  const Conv2dParameterGradient& arguments;
  Extent2d count;  // of outputs
  std::size_t block;
  std::size_t part;
  std::size_t channel;
  std::size_t kernel_row;
};

template <std::size_t kTaps>
struct WeightTile {
  const WeightRow& at;
  std::size_t kernel_column;

  template <std::size_t kFilters>
  HWY_INLINE void run(std::size_t filter) const {
    V sums[kFilters][kTaps];
    for (std::size_t f = 0; f < kFilters; ++f) {
      for (std::size_t t = 0; t < kTaps; ++t) {
        sums[f][t] = at.block == 0 ? hn::Zero(D()) : hn::Load(D(), sum_of(filter + f, t));
      }
    }
    const auto& [image, window] = at.geometry.input;
    for (std::size_t oy = 0; oy < at.count.rows; ++oy) {
      const Offset y =
          signed_size(oy * window.stride.rows + at.kernel_row) - signed_size(window.padding.rows);
      if (is_inside(y, image.rows)) add_row(sums, filter, {.rows = oy, .columns = 0}, y);
    }
    for (std::size_t f = 0; f < kFilters; ++f) {
      for (std::size_t t = 0; t < kTaps; ++t) hn::Store(sums[f][t], D(), sum_of(filter + f, t));
    }
  }

  /// The accumulator in the scratch memory.
  HWY_INLINE float* sum_of(std::size_t filter, std::size_t tap) const {
    const auto& [image, window] = at.geometry.input;
    const std::size_t weight =
        ((filter * image.channels + at.channel) * window.kernel.rows + at.kernel_row) *
            window.kernel.columns +
        kernel_column + tap;
    return at.arguments.scratch.data() + weight * kLanes + at.part * kWidth;
  }

  /// All outputs of row oy, whose taps lie in row y of the image.
  template <std::size_t kFilters>
  HWY_INLINE void add_row(V (&sums)[kFilters][kTaps], std::size_t filter, Extent2d output,
                          Offset y) const {
    const auto& [image, window] = at.geometry.input;
    const std::size_t step = window.stride.columns;
    const std::size_t padding = window.padding.columns;
    const Offset line = (signed_size(at.channel * image.rows) + y) * signed_size(image.columns);
    // Outputs whose taps are all inside: column * step + kernel_column in [padding, end).
    const std::size_t first =
        padding > kernel_column ? (padding - kernel_column + step - 1) / step : 0;
    const std::size_t end = image.columns + padding + 1 > kernel_column + kTaps
                                ? image.columns + padding + 1 - kernel_column - kTaps
                                : 0;
    const std::size_t inside_begin = std::min(first, at.count.columns);
    const std::size_t inside_end =
        std::clamp((end + step - 1) / step, inside_begin, at.count.columns);
    std::size_t column = 0;
    for (; column < inside_begin; ++column) {
      add_pixel<true>(sums, filter, {.rows = output.rows, .columns = column}, line);
    }
    for (; column < inside_end; ++column) {
      add_pixel<false>(sums, filter, {.rows = output.rows, .columns = column}, line);
    }
    for (; column < at.count.columns; ++column) {
      add_pixel<true>(sums, filter, {.rows = output.rows, .columns = column}, line);
    }
  }

  /// One output; `line` is the image feature at the start of the row of the taps.
  template <bool kChecked, std::size_t kFilters>
  HWY_INLINE void add_pixel(V (&sums)[kFilters][kTaps], std::size_t filter, Extent2d output,
                            Offset line) const {
    const auto& [image, window] = at.geometry.input;
    const ConstLaneView& gradient = at.arguments.output_gradient;
    const Offset x = signed_size(output.columns * window.stride.columns + kernel_column) -
                     signed_size(window.padding.columns);
    const Offset stride = signed_size(at.arguments.input.feature_stride);
    const float* HWY_RESTRICT pixel =
        at.arguments.input.at(0, at.block) + at.part * kWidth + (line + x) * stride;
    const std::size_t feature =
        (filter * at.count.rows + output.rows) * at.count.columns + output.columns;
    const float* HWY_RESTRICT g = gradient.at(feature, at.block) + at.part * kWidth;
    V of_filter[kFilters];
    for (std::size_t f = 0; f < kFilters; ++f) {
      of_filter[f] = hn::Load(D(), g + f * at.count.size() * gradient.feature_stride);
    }
    for (std::size_t t = 0; t < kTaps; ++t) {
      if (!kChecked || is_inside(x + signed_size(t), image.columns)) {
        const V in = hn::Load(D(), pixel + signed_size(t) * stride);
        for (std::size_t f = 0; f < kFilters; ++f) {
          sums[f][t] = fused(of_filter[f], in, sums[f][t]);
        }
      }
    }
  }
};

void weight_row(const WeightRow& at) {
  const std::size_t columns = at.geometry.input.window.kernel.columns;
  const std::size_t filters = at.geometry.filters;
  std::size_t column = 0;
  for (; column + kWideTaps <= columns; column += kWideTaps) {
    for_tiles<kTapFilters>(filters, WeightTile<kWideTaps>{at, column});
  }
  for (; column + 3 <= columns; column += 3) {
    for_tiles<kTapFilters>(filters, WeightTile<3>{at, column});
  }
  for (; column < columns; ++column) for_tiles<kTapFilters>(filters, WeightTile<1>{at, column});
}

void weight_sums(const Conv2dGeometry& geometry, const Conv2dParameterGradient& arguments) {
  const Extent2d count = geometry.input.output();
  for (std::size_t block = 0; block < arguments.input.blocks; ++block) {
    for (std::size_t part = 0; part < kParts; ++part) {
      for (std::size_t c = 0; c < geometry.input.image.channels; ++c) {
        for (std::size_t ky = 0; ky < geometry.input.window.kernel.rows; ++ky) {
          weight_row({.geometry = geometry,
                      .arguments = arguments,
                      .count = count,
                      .block = block,
                      .part = part,
                      .channel = c,
                      .kernel_row = ky});
        }
      }
    }
  }
}

struct BiasTile {
  const Conv2dParameterGradient& arguments;
  std::size_t positions;  // of the output image

  template <std::size_t kFilters>
  HWY_INLINE void run(std::size_t filter) const {
    HWY_ALIGN float lanes[kFilters][kLanes];
    for (std::size_t part = 0; part < kParts; ++part) {
      V sums[kFilters];
      for (std::size_t f = 0; f < kFilters; ++f) sums[f] = hn::Zero(D());
      for (std::size_t block = 0; block < arguments.output_gradient.blocks; ++block) {
        for (std::size_t position = 0; position < positions; ++position) {
          for (std::size_t f = 0; f < kFilters; ++f) {
            const float* g =
                arguments.output_gradient.at((filter + f) * positions + position, block);
            sums[f] = hn::Add(sums[f], hn::Load(D(), g + part * kWidth));
          }
        }
      }
      for (std::size_t f = 0; f < kFilters; ++f) {
        hn::Store(sums[f], D(), lanes[f] + part * kWidth);
      }
    }
    for (std::size_t f = 0; f < kFilters; ++f) {
      arguments.bias_gradient[filter + f] = fold_lanes(lanes[f]);
    }
  }
};

void parameter_gradient(const Conv2dGeometry& geometry, const Conv2dParameterGradient& arguments) {
  weight_sums(geometry, arguments);
  for (std::size_t weight = 0; weight < geometry.weights(); ++weight) {
    arguments.weight_gradient[weight] = fold_lanes(arguments.scratch.data() + weight * kLanes);
  }
  if (arguments.bias_gradient.empty()) return;
  for_tiles<kNarrowChannels>(geometry.filters, BiasTile{arguments, geometry.input.output().size()});
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(forward);
HWY_EXPORT(input_gradient);
HWY_EXPORT(parameter_gradient);

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

void conv2d_parameter_gradient(const Conv2dGeometry& geometry,
                               const Conv2dParameterGradient& arguments) {
  assert(arguments.input.features == geometry.input.image.size());
  assert(arguments.output_gradient.features == geometry.filters * geometry.input.output().size());
  assert(arguments.input.blocks == arguments.output_gradient.blocks);
  assert(arguments.weight_gradient.size() == geometry.weights());
  assert(arguments.bias_gradient.empty() || arguments.bias_gradient.size() == geometry.filters);
  assert(arguments.scratch.size() >= conv2d_scratch(geometry));
  HWY_DYNAMIC_DISPATCH(parameter_gradient)(geometry, arguments);
}

std::size_t conv2d_scratch(const Conv2dGeometry& geometry) { return geometry.weights() * kLanes; }

}  // namespace lockstep

#endif  // HWY_ONCE
