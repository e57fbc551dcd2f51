#include <algorithm>

#include "framework/kernels/conv2d/forward.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/conv2d/forward_pooled.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next ones need to come after.
#include <hwy/highway.h>

#include "framework/kernels/activation-inl.hpp"
#include "framework/kernels/conv2d/pooling_masks-inl.hpp"
#include "framework/kernels/conv2d/tile-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// Windows of several filters at the same place, numbered as their outputs.
struct Windows {
  const BlockPart& at;
  std::size_t feature;  // of the first filter
  std::size_t next;     // from one filter to the next
  std::size_t filters;

  HWY_INLINE float* output(std::size_t filter) const {
    return at.output + (feature + filter * next) * at.arguments.output.feature_stride;
  }

  HWY_INLINE PooledWindow saved(std::size_t filter) const {
    return {.saved = at.arguments.saved.data(),
            .window = at.block * at.arguments.output.features + feature + filter * next,
            .part = at.part};
  }

  /// Activates and pools sums: (filters, kPixels, kWidth).
  HWY_NOINLINE void pool(const float* sums) const {
    with_activation(at.geometry.epilogue.activation, [&]<Activation kActivation>() {
      const bool averages = at.geometry.epilogue.pooling == Pooling::average;
      const bool keep = !at.arguments.saved.empty();
      for (std::size_t f = 0; f < filters; ++f, sums += kPixels * kWidth) {
        V window[kPixels];
        for (std::size_t p = 0; p < kPixels; ++p) window[p] = hn::Load(D(), sums + p * kWidth);
        hn::Store(averages ? average_window<kActivation>(window, saved(f), keep)
                           : maximum_window<kActivation>(window, saved(f), keep),
                  D(), output(f));
      }
    });
  }
};

/// Pooled outputs of one row: `count` adjacent tiles that differ only in their place.
struct PooledTiles {
  const BlockPart& at;
  Corner corner;
  const OutputTile<2, 2>& tile;
  std::size_t count = 1;

  template <std::size_t kFilters>
  HWY_NOINLINE void run(std::size_t filter) const {
    const Extent2d pooled = at.geometry.output();
    Windows windows{
        .at = at,
        .feature = (filter * pooled.rows + corner.row / 2) * pooled.columns + corner.column / 2,
        .next = pooled.size(),
        .filters = kFilters};
    const auto [activation, pooling] = at.geometry.epilogue;
    const bool averages = activation == Activation::relu && pooling == Pooling::average;
    for (std::size_t i = 0; i < count; ++i, ++windows.feature) {
      if (averages && tile.alike()) {
        average<kFilters>(filter, i * tile.next(), windows);
      } else {
        HWY_ALIGN float sums[kFilters * kPixels * kWidth];
        sum<kFilters>(filter, i * tile.next(), sums);
        windows.pool(sums);
      }
    }
  }

  /// Averages of rectified sums, cheap enough to overlap with the start of the next tile's sums.
  template <std::size_t kFilters>
  HWY_INLINE void average(std::size_t filter, std::size_t shift, const Windows& windows) const {
    V sums[kFilters][kPixels];
    tile.sum(filter, shift, sums);
    const bool keep = !at.arguments.saved.empty();
    unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
      hn::Store(average_window<Activation::relu>(sums[f], windows.saved(f), keep), D(),
                windows.output(f));
    });
  }

  /// Sums of all windows of the tile, (kFilters, kPixels, kWidth).
  template <std::size_t kFilters>
  HWY_INLINE void sum(std::size_t filter, std::size_t shift, float* to) const {
    if (!tile.in_order()) return sum_one_by_one<kFilters>(filter, to);
    V sums[kFilters][kPixels];
    if (tile.alike()) {
      tile.sum(filter, shift, sums);
      store(sums, to);
    } else {
      tile.sum_border(filter, shift, sums);
      store(sums, to);
    }
  }

  template <std::size_t kFilters>
  HWY_INLINE void sum_one_by_one(std::size_t filter, float* to) const {
    for (std::size_t p = 0; p < kPixels; ++p) {
      V one[kFilters][1];
      OutputTile<1, 1>(at, Corner{corner.row + p / 2, corner.column + p % 2}).sum(filter, 0, one);
      for (std::size_t f = 0; f < kFilters; ++f) {
        hn::Store(one[f][0], D(), to + (f * kPixels + p) * kWidth);
      }
    }
  }

  template <std::size_t kFilters>
  HWY_INLINE void store(const V (&sums)[kFilters][kPixels], float* to) const {
    unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
      unroll<0, kPixels>([&](auto p) LOCKSTEP_INLINE_LAMBDA {
        hn::Store(sums[f][p], D(), to + (f * kPixels + p) * kWidth);
      });
    });
  }
};

void pooled_row(const BlockPart& at, std::size_t row) {
  Corner corner{.row = row, .column = 0};
  while (corner.column < at.positions.columns) {
    const OutputTile<2, 2> tile(at, corner);
    const std::size_t inside = tile.in_order() ? tiles_inside(at, corner.column, 2) : 0;
    const std::size_t count = std::max<std::size_t>(1, inside);
    for_tiles<kTileFilters>(at.geometry.filters, PooledTiles{at, corner, tile, count});
    corner.column += count * 2;
  }
}

void pooled(const Conv2dGeometry& geometry, const Conv2dForward& arguments) {
  for_rows(geometry, arguments,
           [](const BlockPart& at, std::size_t row) HWY_ATTR { pooled_row(at, 2 * row); });
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(pooled);

void conv2d_forward_pooled(const Conv2dGeometry& geometry, const Conv2dForward& arguments) {
  HWY_DYNAMIC_DISPATCH(pooled)(geometry, arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
