// The sums over one block that make up the gradients of a convolution's weights and biases.
// Highway's re-inclusion pattern, hence the guard.

#if defined(LOCKSTEP_KERNELS_CONV2D_PARAMETER_GRADIENT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_CONV2D_PARAMETER_GRADIENT_INL
#undef LOCKSTEP_KERNELS_CONV2D_PARAMETER_GRADIENT_INL
#else
#define LOCKSTEP_KERNELS_CONV2D_PARAMETER_GRADIENT_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "framework/kernels/conv2d.hpp"
#include "framework/kernels/conv2d_gradient_rows.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

/// Adds the outputs of some rows of one block to 16-lane sums.
struct ParameterSums {
  const Conv2dGeometry& geometry;
  const ConstLaneView& input;
  const GradientRows& gradient;
  std::size_t block;
  float* weights;  // (weights, 16)
  float* biases;   // (O, 16), or null
  bool fresh;      // the sums start here, at +0
};

/// Weights that are summed side by side: kTaps columns of one kernel row, and so many filters that
/// accumulators and operands fill the registers.
inline constexpr std::size_t kMostTaps = 5;
template <std::size_t kTileTaps>
inline constexpr std::size_t kTapFilters = kManyRegisters ? (kTileTaps == 5   ? 5
                                                             : kTileTaps == 4 ? 6
                                                             : kTileTaps == 3 ? 8
                                                                              : 12)
                                                          : (kTileTaps == 5   ? 2
                                                             : kTileTaps == 4 ? 2
                                                             : kTileTaps == 3 ? 4
                                                             : kTileTaps == 2 ? 5
                                                                              : 8);

/// Outputs [begin, end) of an axis whose taps [tap, tap + taps) all lie inside the image.
struct InsideRange {
  InsideRange(std::size_t image, std::size_t stride, std::size_t padding, std::size_t tap,
              std::size_t taps, std::size_t count) {
    const std::size_t before = padding > tap ? padding - tap : 0;
    const std::size_t size = image + padding + 1;
    begin = std::min((before + stride - 1) / stride, count);
    end = size > tap + taps ? (size - tap - taps + stride - 1) / stride : 0;
    end = std::clamp(end, begin, count);
  }
  std::size_t begin;
  std::size_t end;
};

template <std::size_t kTileTaps>
struct WeightTile {
  const ParameterSums& at;
  std::size_t part;
  std::size_t channel;
  std::size_t kernel_row;
  std::size_t kernel_column;

  template <std::size_t kFilters>
  HWY_INLINE void run(std::size_t filter) const {
    V sums[kFilters][kTileTaps];
    for (std::size_t f = 0; f < kFilters; ++f) {
      for (std::size_t t = 0; t < kTileTaps; ++t) {
        sums[f][t] = at.fresh ? hn::Zero(D()) : hn::Load(D(), sum_of(filter + f, t));
      }
    }
    const auto& [image, window] = at.geometry.input;
    const GradientRows& gradient = at.gradient;
    for (std::size_t row = 0; row < gradient.rows; ++row) {
      const Offset y = signed_size((gradient.first + row) * window.stride.rows + kernel_row) -
                       signed_size(window.padding.rows);
      if (is_inside(y, image.rows)) add_row(sums, filter, row, y);
    }
    for (std::size_t f = 0; f < kFilters; ++f) {
      for (std::size_t t = 0; t < kTileTaps; ++t) hn::Store(sums[f][t], D(), sum_of(filter + f, t));
    }
  }

  HWY_INLINE float* sum_of(std::size_t filter, std::size_t tap) const {
    const auto& [image, window] = at.geometry.input;
    const std::size_t weight =
        ((filter * image.channels + channel) * window.kernel.rows + kernel_row) *
            window.kernel.columns +
        kernel_column + tap;
    return at.weights + weight * kLanes + part * kWidth;
  }

  /// One output: where its gradient and the pixel under the tile's first tap are.
  struct Place {
    const float* g;
    std::size_t g_filter;  // floats from one filter to the next
    const float* x;
    std::size_t x_stride;  // floats from one pixel to the next
    Offset column;         // of the pixel, outside the image perhaps
  };

  /// All outputs of one row, whose taps lie in row y of the image.
  template <std::size_t kFilters>
  HWY_INLINE void add_row(V (&sums)[kFilters][kTileTaps], std::size_t filter, std::size_t row,
                          Offset y) const {
    const auto& [image, window] = at.geometry.input;
    const GradientRows& gradient = at.gradient;
    const std::size_t x_stride = at.input.feature_stride;
    const Offset line = (signed_size(channel * image.rows) + y) * signed_size(image.columns);
    const Offset left = signed_size(kernel_column) - signed_size(window.padding.columns);
    const std::size_t step = window.stride.columns;
    Place place{
        .g = gradient.at(filter, row) + part * kWidth,
        .g_filter = gradient.rows * gradient.columns * gradient.stride,
        .x = at.input.at(0, at.block) + part * kWidth + (line + left) * signed_size(x_stride),
        .x_stride = x_stride,
        .column = left};
    const InsideRange inside(image.columns, step, window.padding.columns, kernel_column, kTileTaps,
                             gradient.columns);
    const auto advance = [&] {
      place.g += gradient.stride;
      place.x += step * x_stride;
      place.column += signed_size(step);
    };
    std::size_t column = 0;
    for (; column < inside.begin; ++column, advance()) add_pixel<true>(sums, place);
    for (; column < inside.end; ++column, advance()) add_pixel<false>(sums, place);
    for (; column < gradient.columns; ++column, advance()) add_pixel<true>(sums, place);
  }

  template <bool kChecked, std::size_t kFilters>
  HWY_INLINE void add_pixel(V (&sums)[kFilters][kTileTaps], const Place& place) const {
    if constexpr (kChecked) {
      for (std::size_t t = 0; t < kTileTaps; ++t) {
        if (!is_inside(place.column + signed_size(t), at.geometry.input.image.columns)) continue;
        const V x = hn::Load(D(), place.x + t * place.x_stride);
        for (std::size_t f = 0; f < kFilters; ++f) {
          sums[f][t] = fused(hn::Load(D(), place.g + f * place.g_filter), x, sums[f][t]);
        }
      }
    } else {
      V x[kTileTaps];
      for (std::size_t t = 0; t < kTileTaps; ++t)
        x[t] = hn::Load(D(), place.x + t * place.x_stride);
      for (std::size_t f = 0; f < kFilters; ++f) {
        const V g = hn::Load(D(), place.g + f * place.g_filter);
        for (std::size_t t = 0; t < kTileTaps; ++t) sums[f][t] = fused(g, x[t], sums[f][t]);
      }
    }
  }
};

/// The filters of a tile, for all channels and taps: their gradients stay in the first cache.
template <std::size_t kTileTaps>
struct TapColumns {
  const ParameterSums& at;
  std::size_t part;
  std::size_t kernel_column;

  void run() const {
    const auto& [image, window] = at.geometry.input;
    constexpr std::size_t kMost = kTapFilters<kTileTaps>;
    const std::size_t filters = at.geometry.filters;
    const std::size_t tiles = (filters + kMost - 1) / kMost;
    for (std::size_t tile = 0, filter = 0; tile < tiles; ++tile) {
      const std::size_t size = (filters - filter) / (tiles - tile);
      for (std::size_t c = 0; c < image.channels; ++c) {
        for (std::size_t ky = 0; ky < window.kernel.rows; ++ky) {
          run_tile<kMost>(size, filter, WeightTile<kTileTaps>{at, part, c, ky, kernel_column});
        }
      }
      filter += size;
    }
  }
};

struct TapTile {
  const ParameterSums& at;
  std::size_t part;

  template <std::size_t kTileTaps>
  HWY_INLINE void run(std::size_t kernel_column) const {
    TapColumns<kTileTaps>{at, part, kernel_column}.run();
  }
};

struct BiasTile {
  const ParameterSums& at;
  std::size_t part;

  template <std::size_t kFilters>
  HWY_INLINE void run(std::size_t filter) const {
    const GradientRows& gradient = at.gradient;
    const std::size_t positions = gradient.rows * gradient.columns;
    float* const to = at.biases + filter * kLanes + part * kWidth;
    V sums[kFilters];
    for (std::size_t f = 0; f < kFilters; ++f) {
      sums[f] = at.fresh ? hn::Zero(D()) : hn::Load(D(), to + f * kLanes);
    }
    const float* g = gradient.at(filter, 0) + part * kWidth;
    for (std::size_t i = 0; i < positions; ++i, g += gradient.stride) {
      for (std::size_t f = 0; f < kFilters; ++f) {
        sums[f] = hn::Add(sums[f], hn::Load(D(), g + f * positions * gradient.stride));
      }
    }
    for (std::size_t f = 0; f < kFilters; ++f) hn::Store(sums[f], D(), to + f * kLanes);
  }
};

inline void add_parameter_gradients(const ParameterSums& at) {
  for (std::size_t part = 0; part < kParts; ++part) {
    for_tiles<kMostTaps>(at.geometry.input.window.kernel.columns, TapTile{at, part});
    if (at.biases != nullptr) for_tiles<8>(at.geometry.filters, BiasTile{at, part});
  }
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
