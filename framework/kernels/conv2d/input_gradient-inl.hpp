// The gradient of a convolution's input, one block at a time. Highway's re-inclusion pattern, hence
// the guard.

#if defined(LOCKSTEP_KERNELS_CONV2D_INPUT_GRADIENT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_CONV2D_INPUT_GRADIENT_INL
#undef LOCKSTEP_KERNELS_CONV2D_INPUT_GRADIENT_INL
#else
#define LOCKSTEP_KERNELS_CONV2D_INPUT_GRADIENT_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "framework/kernels/conv2d/conv2d.hpp"
#include "framework/kernels/conv2d/gradient_rows.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

/// One block and one part of its lanes; `gradient` has all rows.
struct InputGradient {
  const Conv2dGeometry& geometry;
  GradientRows gradient;
  std::span<const float> weight;
  float* output;  // (C, H, W, 16)
  std::size_t part;
};

/// Pixels of one channel in a tile, and channels in a tile.
inline constexpr std::size_t kGradientPixels = 4;
inline constexpr std::size_t kGradientChannels = kManyRegisters ? 6 : 3;

/// For an input position along one axis: the first tap that meets an output, and that output. The
/// next tap that does is `stride` further, and meets the output before.
struct FirstTap {
  FirstTap(std::size_t position, std::size_t padding, std::size_t stride)
      : tap((position + padding) % stride), output((position + padding) / stride) {}
  std::size_t tap;
  std::size_t output;
};

/// Tap columns for a tile of pixels, in order: `lead` that meet outputs for its first pixels only
/// (one pixel more each time), `full` that meet one for all pixels, `trail` that do so for its last
/// pixels.
struct TapSpan {
  TapSpan(std::size_t pixels, std::size_t output, std::size_t columns, std::size_t taps) {
    const auto above = [](std::size_t x, std::size_t y) { return x > y ? x - y : 0; };
    first = above(output + 1, columns);
    const std::size_t all_meet = above(output + pixels, columns);
    const std::size_t first_meets = std::min(taps, output + 1);
    lead = all_meet - first;
    full = above(first_meets, all_meet);
    trail = above(std::min(taps, output + pixels), first_meets);
    in_order = all_meet <= first_meets;
  }
  std::size_t first;  // the first tap that meets an output
  std::size_t lead;
  std::size_t full;
  std::size_t trail;
  bool in_order;  // false: some tap misses outputs at both ends, so smaller tiles are needed
};

/// Pixels of one row that are `stride` apart, so that the same taps reach all of them, and the
/// addresses that the loops of their tile need, computed in advance.
struct PixelTile {
  const float* gradient;  // filter 0, under the first pixel, the first tap row and column
  std::size_t g_filter;   // floats from one filter to the next
  std::size_t g_row;      // floats from one output row to the next
  std::size_t tap_rows;   // how many taps of a column meet an output row
  const float* weight;    // filter 0, channel 0, the first tap of both axes
  std::size_t w_filter;   // floats from one filter to the next
  std::size_t w_channel;  // floats from one channel to the next
  std::size_t w_row;      // floats from one tap row that meets an output to the next
  std::size_t w_column;   // floats from one such tap column to the next
  TapSpan taps;
  std::size_t filters;
  float* to;               // channel 0
  std::size_t to_channel;  // floats from one channel to the next
  std::size_t to_pixel;    // floats from one pixel of the tile to the next

  template <std::size_t kChannels, std::size_t kTilePixels>
  HWY_NOINLINE void run(std::size_t channel) const {
    V sums[kChannels][kTilePixels];
    unroll<0, kChannels>([&](auto c) LOCKSTEP_INLINE_LAMBDA {
      unroll<0, kTilePixels>([&](auto p) LOCKSTEP_INLINE_LAMBDA { sums[c][p] = hn::Zero(D()); });
    });
    const float* HWY_RESTRICT w_of_filter = weight + channel * w_channel;
    const float* HWY_RESTRICT g_of_filter = gradient;
    for (std::size_t o = filters; o > 0; --o, w_of_filter += w_filter, g_of_filter += g_filter) {
      const float* HWY_RESTRICT w_of_row = w_of_filter;
      const float* HWY_RESTRICT g_of_row = g_of_filter;
      for (std::size_t row = tap_rows; row > 0; --row, w_of_row += w_row, g_of_row -= g_row) {
        const float* HWY_RESTRICT w = w_of_row;
        const float* HWY_RESTRICT g = g_of_row;
        // One tap, for pixels [kFirst, kEnd) of the tile.
        const auto add = [&]<std::size_t kFirst, std::size_t kEnd>() LOCKSTEP_INLINE_LAMBDA {
          V of_channel[kChannels];
          unroll<0, kChannels>([&](auto c) LOCKSTEP_INLINE_LAMBDA {
            of_channel[c] = hn::Set(D(), w[c * w_channel]);
          });
          unroll<kFirst, kEnd>([&](auto p) LOCKSTEP_INLINE_LAMBDA {
            const V pixel = hn::Load(D(), g + p * kLanes);
            unroll<0, kChannels>([&](auto c) LOCKSTEP_INLINE_LAMBDA {
              sums[c][p] = fused(of_channel[c], pixel, sums[c][p]);
            });
          });
          w += w_column;
          g -= kLanes;
        };
        if constexpr (kTilePixels > 1) {
          static_assert(kTilePixels == 4);
          if (taps.lead > 2) add.template operator()<0, 1>();
          if (taps.lead > 1) add.template operator()<0, 2>();
          if (taps.lead > 0) add.template operator()<0, 3>();
        }
        for (std::size_t tap = taps.full; tap > 0; --tap) {
          add.template operator()<0, kTilePixels>();
        }
        if constexpr (kTilePixels > 1) {
          if (taps.trail > 0) add.template operator()<1, 4>();
          if (taps.trail > 1) add.template operator()<2, 4>();
          if (taps.trail > 2) add.template operator()<3, 4>();
        }
      }
    }
    unroll<0, kChannels>([&](auto c) LOCKSTEP_INLINE_LAMBDA {
      unroll<0, kTilePixels>([&](auto p) LOCKSTEP_INLINE_LAMBDA {
        hn::Store(sums[c][p], D(), to + (channel + c) * to_channel + p * to_pixel);
      });
    });
  }
};

template <std::size_t kTilePixels>
struct ChannelTile {
  const PixelTile& tile;

  template <std::size_t kChannels>
  HWY_INLINE void run(std::size_t channel) const {
    tile.run<kChannels, kTilePixels>(channel);
  }
};

/// The number of taps from `first` on that are `stride` apart.
inline std::size_t tap_count(std::size_t kernel, std::size_t first, std::size_t stride) {
  return kernel > first ? (kernel - first + stride - 1) / stride : 0;
}

inline PixelTile pixel_tile(const InputGradient& at, std::size_t row, std::size_t column,
                            std::size_t pixels) {
  const auto& [image, window] = at.geometry.input;
  const GradientRows& gradient = at.gradient;
  const FirstTap y(row, window.padding.rows, window.stride.rows);
  const FirstTap x(column, window.padding.columns, window.stride.columns);
  const TapSpan rows(1, y.output, gradient.rows,
                     tap_count(window.kernel.rows, y.tap, window.stride.rows));
  const TapSpan taps(pixels, x.output, gradient.columns,
                     tap_count(window.kernel.columns, x.tap, window.stride.columns));
  const std::size_t ky = y.tap + rows.first * window.stride.rows;
  const std::size_t kx = x.tap + taps.first * window.stride.columns;
  // The first pixel of the tile may have no output of its own there; only later pixels do.
  const Offset ox = signed_size(x.output) - signed_size(taps.first);
  return {.gradient =
              gradient.at(0, y.output - rows.first) + ox * signed_size(kLanes) + at.part * kWidth,
          .g_filter = gradient.rows * gradient.columns * kLanes,
          .g_row = gradient.columns * kLanes,
          .tap_rows = rows.full,
          .weight = at.weight.data() + ky * window.kernel.columns + kx,
          .w_filter = at.geometry.weights_per_filter(),
          .w_channel = window.kernel.size(),
          .w_row = window.stride.rows * window.kernel.columns,
          .w_column = window.stride.columns,
          .taps = taps,
          .filters = at.geometry.filters,
          .to = at.output + (row * image.columns + column) * kLanes + at.part * kWidth,
          .to_channel = image.rows * image.columns * kLanes,
          .to_pixel = window.stride.columns * kLanes};
}

inline void input_gradient_row(const InputGradient& at, std::size_t row) {
  const auto& [image, window] = at.geometry.input;
  const std::size_t step = window.stride.columns;
  for (std::size_t residue = 0; residue < std::min(step, image.columns); ++residue) {
    std::size_t column = residue;
    while (column < image.columns) {
      if (column + (kGradientPixels - 1) * step < image.columns) {
        const PixelTile tile = pixel_tile(at, row, column, kGradientPixels);
        if (tile.taps.in_order) {
          for_tiles<kGradientChannels>(image.channels, ChannelTile<kGradientPixels>{tile});
          column += kGradientPixels * step;
          continue;
        }
      }
      const PixelTile tile = pixel_tile(at, row, column, 1);
      for_tiles<kGradientChannels>(image.channels, ChannelTile<1>{tile});
      column += step;
    }
  }
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
