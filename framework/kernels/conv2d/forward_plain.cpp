#include <algorithm>

#include "framework/kernels/conv2d/forward.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/conv2d/forward_plain.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next ones need to come after.
#include <hwy/highway.h>

#include "framework/kernels/activation-inl.hpp"
#include "framework/kernels/conv2d/tile-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// Applies the activation to a tile of sums that lies where the outputs go: `next` floats from one
/// filter to the next, `stride` from one output to the next.
struct StoredTile {
  float* data;
  std::size_t filters;
  std::size_t next;
  std::size_t outputs;
  std::size_t stride;

  HWY_NOINLINE void activate(Activation activation) const {
    with_activation(activation, [&]<Activation kActivation>() {
      for (std::size_t f = 0; f < filters; ++f) {
        for (std::size_t p = 0; p < outputs; ++p) {
          float* y = data + f * next + p * stride;
          hn::Store(HWY_NAMESPACE::activate<kActivation>(hn::Load(D(), y)), D(), y);
        }
      }
    });
  }
};

/// Tiles of one row: `count` adjacent tiles that differ only in their place.
template <std::size_t kColumns>
struct RowTiles {
  const BlockPart& at;
  Corner corner;
  const OutputTile<1, kColumns>& tile;
  std::size_t count = 1;

  template <std::size_t kFilters>
  HWY_NOINLINE void run(std::size_t filter) const {
    const bool alike = tile.alike();
    for (std::size_t i = 0; i < count; ++i) {
      V sums[kFilters][kColumns];
      if (kColumns == 1 || alike) {
        tile.sum(filter, i * tile.next(), sums);
        store(filter, i, sums);
      } else {
        tile.sum_border(filter, i * tile.next(), sums);
        store(filter, i, sums);
      }
    }
  }

  template <std::size_t kFilters>
  HWY_INLINE void store(std::size_t filter, std::size_t i,
                        const V (&sums)[kFilters][kColumns]) const {
    const Activation activation = at.geometry.epilogue.activation;
    const std::size_t stride = at.arguments.output.feature_stride;
    const std::size_t next = at.positions.size() * stride;
    float* const to =
        at.output + ((filter * at.positions.rows + corner.row) * at.positions.columns +
                     corner.column + i * kColumns) *
                        stride;
    const bool rectifies = activation == Activation::relu;
    unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
      unroll<0, kColumns>([&](auto p) LOCKSTEP_INLINE_LAMBDA {
        const V y = rectifies ? activate<Activation::relu>(sums[f][p]) : sums[f][p];
        hn::Store(y, D(), to + f * next + p * stride);
      });
    });
    if (rectifies || activation == Activation::none) return;
    StoredTile{to, kFilters, next, kColumns, stride}.activate(activation);
  }
};

void plain_row(const BlockPart& at, std::size_t row) {
  const std::size_t filters = at.geometry.filters;
  Corner corner{.row = row, .column = 0};
  while (corner.column < at.positions.columns) {
    if (corner.column + kPixels <= at.positions.columns) {
      const OutputTile<1, kPixels> tile(at, corner);
      if (tile.in_order()) {
        const std::size_t count =
            std::max<std::size_t>(1, tiles_inside(at, corner.column, kPixels));
        for_tiles<kTileFilters>(filters, RowTiles<kPixels>{at, corner, tile, count});
        corner.column += count * kPixels;
        continue;
      }
    }
    const OutputTile<1, 1> tile(at, corner);
    for_tiles<kTileFilters>(filters, RowTiles<1>{at, corner, tile});
    ++corner.column;
  }
}

void plain(const Conv2dGeometry& geometry, const Conv2dForward& arguments) {
  for_rows(geometry, arguments,
           [](const BlockPart& at, std::size_t row) HWY_ATTR { plain_row(at, row); });
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(plain);

void conv2d_forward_plain(const Conv2dGeometry& geometry, const Conv2dForward& arguments) {
  HWY_DYNAMIC_DISPATCH(plain)(geometry, arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
