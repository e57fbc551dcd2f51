// The convolution of one sample with the outputs of a row in lanes: for so few filters that vectors
// of filters would be half empty. Stride 1, no padding. Highway's re-inclusion pattern, hence the
// guard.

#if defined(LOCKSTEP_KERNELS_CONV2D_COLUMNS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_CONV2D_COLUMNS_INL
#undef LOCKSTEP_KERNELS_CONV2D_COLUMNS_INL
#else
#define LOCKSTEP_KERNELS_CONV2D_COLUMNS_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "framework/kernels/conv2d/one_sample.hpp"
#include "framework/kernels/conv2d/pooling_masks-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

/// A tile is two rows of two vectors, for several filters.
inline constexpr std::size_t kSide = 2;

/// Two vectors of columns. The last ones overlap the ones before rather than leave the image.
struct ColumnPair {
  ColumnPair(std::size_t first, std::size_t columns)
      : at{std::min(first, columns - kWidth), std::min(first + kWidth, columns - kWidth)} {}
  std::size_t at[kSide];
};

/// Some filters of a packed group, and where their data are.
struct Filters {
  const Conv2dGeometry& geometry;
  const float* input;   // (C, H, W)
  const float* packed;  // bias, then (C, KH, KW); kLanes floats from one to the next
  float* output;        // of the first filter, (OH, OW)
  std::size_t count;
};

/// Applies activation and pooling to the sums of one filter, (row, vector, kWidth).
template <Activation kActivation>
HWY_INLINE void finish_columns(const Filters& of, std::size_t row, const ColumnPair& columns,
                               const float* sums, float* filter) {
  const std::size_t row_size = of.geometry.output().columns;
  if (of.geometry.epilogue.pooling == Pooling::none) {
    for (std::size_t i = 0; i < kSide * kSide; ++i) {
      float* const to = filter + (row + i / kSide) * row_size + columns.at[i % kSide];
      hn::StoreU(activate<kActivation>(hn::Load(D(), sums + i * kWidth)), D(), to);
    }
    return;
  }
  V taps[kTaps];
  hn::LoadInterleaved2(D(), sums, taps[0], taps[1]);
  hn::LoadInterleaved2(D(), sums + kSide * kWidth, taps[2], taps[3]);
  constexpr PooledWindow kNotKept{};
  HWY_ALIGN float pooled[kWidth];
  hn::Store(of.geometry.epilogue.pooling == Pooling::average
                ? average_window<kActivation>(taps, kNotKept, false)
                : maximum_window<kActivation>(taps, kNotKept, false),
            D(), pooled);
  float* const to = filter + row / 2 * row_size;
  std::copy_n(pooled, kWidth / 2, to + columns.at[0] / 2);
  std::copy_n(pooled + kWidth / 2, kWidth / 2, to + columns.at[1] / 2);
}

struct ColumnTile {
  const Filters& of;
  std::size_t row;
  const ColumnPair& columns;

  template <std::size_t kFilters>
  HWY_NOINLINE void run(std::size_t filter) const {
    V sums[kFilters][kSide * kSide];
    unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
      const V bias = hn::Set(D(), of.packed[filter + f]);
      unroll<0, kSide * kSide>([&](auto i) LOCKSTEP_INLINE_LAMBDA { sums[f][i] = bias; });
    });
    add_taps(filter, sums);
    HWY_ALIGN float stored[kFilters * kSide * kSide * kWidth];
    unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
      unroll<0, kSide * kSide>([&](auto i) LOCKSTEP_INLINE_LAMBDA {
        hn::Store(sums[f][i], D(), stored + (f * kSide * kSide + i) * kWidth);
      });
    });
    finish(filter, kFilters, stored);
  }

  template <std::size_t kFilters>
  HWY_INLINE void add_taps(std::size_t filter, V (&sums)[kFilters][kSide * kSide]) const {
    const ImageShape& image = of.geometry.input.image;
    const Window& window = of.geometry.input.window;
    const float* HWY_RESTRICT weight = of.packed + kLanes + filter;
    const float* HWY_RESTRICT of_channel = of.input + row * image.columns;
    for (std::size_t c = image.channels; c > 0; --c) {
      const float* HWY_RESTRICT pixel = of_channel;
      for (std::size_t ky = window.kernel.rows; ky > 0; --ky) {
        for (std::size_t kx = 0; kx < window.kernel.columns; ++kx, weight += kLanes) {
          V x[kSide * kSide];
          unroll<0, kSide * kSide>([&](auto i) LOCKSTEP_INLINE_LAMBDA {
            x[i] = hn::LoadU(D(), pixel + kx + i / kSide * image.columns + columns.at[i % kSide]);
          });
          unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
            const V w = hn::Set(D(), weight[f]);
            unroll<0, kSide * kSide>(
                [&](auto i) LOCKSTEP_INLINE_LAMBDA { sums[f][i] = fused(w, x[i], sums[f][i]); });
          });
        }
        pixel += image.columns;
      }
      of_channel += image.rows * image.columns;
    }
  }

  HWY_NOINLINE void finish(std::size_t filter, std::size_t filters, const float* sums) const {
    const std::size_t size = of.geometry.output().size();
    with_activation(of.geometry.epilogue.activation, [&]<Activation kActivation>() {
      for (std::size_t f = 0; f < filters; ++f) {
        finish_columns<kActivation>(of, row, columns, sums + f * kSide * kSide * kWidth,
                                    of.output + (filter + f) * size);
      }
    });
  }
};

/// Whether columns in lanes need no more vectors than filters in lanes, whose outputs must still be
/// turned into rows.
inline bool suits_columns(const Conv2dGeometry& geometry) {
  const Window& window = geometry.input.window;
  const Extent2d positions = geometry.positions();
  constexpr Extent2d kOne{.rows = 1, .columns = 1};
  constexpr Extent2d kNone{.rows = 0, .columns = 0};
  if (kWidth == 1 || window.stride != kOne || window.padding != kNone) return false;
  if (positions.rows < kSide || positions.columns < kWidth) return false;
  const auto vectors = [](std::size_t count, std::size_t of) { return (count + of - 1) / of; };
  return geometry.filters * kSide * vectors(positions.columns, kSide * kWidth) <=
         positions.columns * vectors(geometry.filters, kWidth);
}

inline void run_columns(const Filters& of) {
  constexpr std::size_t kMost = kManyRegisters ? 6 : 3;
  const Extent2d positions = of.geometry.positions();
  for (std::size_t row = 0; row < positions.rows; row += kSide) {
    for (std::size_t column = 0; column < positions.columns; column += kSide * kWidth) {
      const ColumnPair columns(column, positions.columns);
      for_tiles<kMost>(of.count, ColumnTile{of, std::min(row, positions.rows - kSide), columns});
    }
  }
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
