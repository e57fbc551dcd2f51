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

#include "framework/kernels/conv2d.hpp"
#include "framework/kernels/conv2d_gradient_rows.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

/// One block and one part of its lanes; `gradient` has all rows.
struct InputGradient {
  const Conv2dGeometry& geometry;
  const GradientRows& gradient;
  std::span<const float> weight;
  const LaneView& output;
  std::size_t block;
  std::size_t part;
};

/// Pixels of one channel in a tile, and channels in a tile.
inline constexpr std::size_t kGradientPixels = 4;
inline constexpr std::size_t kGradientChannels = kManyRegisters ? 6 : 3;

/// kTilePixels pixels of row y, `stride` apart from `column` on, so that the same taps reach them
/// all; checked: some taps have no output there.
template <std::size_t kTilePixels, bool kChecked>
struct InputGradientTile {
  const InputGradient& at;
  std::size_t row;
  std::size_t column;

  template <std::size_t kChannels>
  HWY_INLINE void run(std::size_t channel) const {
    V sums[kChannels][kTilePixels];
    for (std::size_t c = 0; c < kChannels; ++c) {
      for (std::size_t p = 0; p < kTilePixels; ++p) sums[c][p] = hn::Zero(D());
    }
    const auto& [image, window] = at.geometry.input;
    const std::size_t shifted = row + window.padding.rows;  // oy * stride + ky
    for (std::size_t o = 0; o < at.geometry.filters; ++o) {
      const std::size_t plane = (o * image.channels + channel) * window.kernel.rows;
      for (std::size_t ky = shifted % window.stride.rows; ky < window.kernel.rows && ky <= shifted;
           ky += window.stride.rows) {
        const std::size_t oy = (shifted - ky) / window.stride.rows;
        if (oy >= at.gradient.rows) continue;
        add_row(sums, at.gradient.at(o, oy) + at.part * kWidth,
                (plane + ky) * window.kernel.columns);
      }
    }
    store(sums, channel);
  }

  /// Taps of one kernel row on a row of output gradients.
  template <std::size_t kChannels>
  HWY_INLINE void add_row(V (&sums)[kChannels][kTilePixels], const float* HWY_RESTRICT gradients,
                          std::size_t first_weight) const {
    const Window& window = at.geometry.input.window;
    const std::size_t shifted = column + window.padding.columns;  // ox * stride + kx
    const Offset stride = signed_size(at.gradient.stride);
    const float* HWY_RESTRICT weights = at.weight.data() + first_weight;
    const std::size_t next_channel = window.kernel.size();
    Offset ox = signed_size(shifted / window.stride.columns);
    const float* HWY_RESTRICT pixel = gradients + ox * stride;
    for (std::size_t kx = shifted % window.stride.columns; kx < window.kernel.columns;
         kx += window.stride.columns, --ox, pixel -= stride) {
      V of_channel[kChannels];
      for (std::size_t c = 0; c < kChannels; ++c) {
        of_channel[c] = hn::Set(D(), weights[c * next_channel + kx]);
      }
      for (std::size_t p = 0; p < kTilePixels; ++p) {
        if (kChecked && !is_inside(ox + signed_size(p), at.gradient.columns)) continue;
        const V g = hn::Load(D(), pixel + signed_size(p) * stride);
        for (std::size_t c = 0; c < kChannels; ++c) {
          sums[c][p] = fused(of_channel[c], g, sums[c][p]);
        }
      }
    }
  }

  template <std::size_t kChannels>
  HWY_INLINE void store(const V (&sums)[kChannels][kTilePixels], std::size_t channel) const {
    const auto& [image, window] = at.geometry.input;
    for (std::size_t c = 0; c < kChannels; ++c) {
      const std::size_t feature = ((channel + c) * image.rows + row) * image.columns + column;
      float* to = at.output.at(feature, at.block) + at.part * kWidth;
      for (std::size_t p = 0; p < kTilePixels; ++p) {
        hn::Store(sums[c][p], D(), to + p * window.stride.columns * at.output.feature_stride);
      }
    }
  }
};

inline void input_gradient_row(const InputGradient& at, std::size_t row) {
  const auto& [image, window] = at.geometry.input;
  const std::size_t step = window.stride.columns;
  const std::size_t padding = window.padding.columns;
  for (std::size_t residue = 0; residue < std::min(step, image.columns); ++residue) {
    std::size_t column = residue;
    for (; column + (kGradientPixels - 1) * step < image.columns;
         column += kGradientPixels * step) {
      const std::size_t last = (column + padding) / step + kGradientPixels - 1;  // ox of tap 0
      const bool inside =
          column + padding + 1 >= window.kernel.columns && last < at.gradient.columns;
      if (inside) {
        for_tiles<kGradientChannels>(image.channels,
                                     InputGradientTile<kGradientPixels, false>{at, row, column});
      } else {
        for_tiles<kGradientChannels>(image.channels,
                                     InputGradientTile<kGradientPixels, true>{at, row, column});
      }
    }
    for (; column < image.columns; column += step) {
      for_tiles<kGradientChannels>(image.channels, InputGradientTile<1, true>{at, row, column});
    }
  }
}

inline void input_gradient_block(const InputGradient& at) {
  for (std::size_t row = 0; row < at.geometry.input.image.rows; ++row) input_gradient_row(at, row);
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
