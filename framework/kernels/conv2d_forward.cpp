#include <algorithm>
#include <cassert>
#include <cstdint>

#include "framework/kernels/conv2d.hpp"
#include "framework/kernels/pool2d.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/conv2d_forward.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next ones need to come after.
#include <hwy/highway.h>

#include "framework/kernels/activation-inl.hpp"
#include "framework/kernels/pooling_masks-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// Outputs of one filter in a tile: 1 x 4, or 2 x 2 where pooling follows.
constexpr std::size_t kPixels = 4;
/// Filters in a tile, so that the accumulators and their operands fill the registers.
constexpr std::size_t kTileFilters = kManyRegisters ? 6 : 3;

/// One block of 16 samples and one part of its lanes.
struct Part {
  const Conv2dGeometry& geometry;
  const Conv2dForward& arguments;
  Extent2d positions;  // outputs before pooling
  std::size_t block;
  std::size_t part;
  const float* input;  // (C, H, W, 16)
  float* output;       // feature 0
};

/// Taps along one axis, in order, for two or more outputs side by side: `lead` that lie before the
/// image for the first outputs (one output less each time), `full` inside it for all, `trail`
/// behind it for the last ones.
struct TapSpan {
  /// @param first_position  of the first output's first tap; before the image perhaps
  TapSpan(std::size_t outputs, Offset first_position, std::size_t step, std::size_t image,
          std::size_t taps) {
    const Offset reach = signed_size((outputs - 1) * step);
    const auto begin_of = [](Offset position) { return std::max<Offset>(0, -position); };
    const auto end_of = [&](Offset position) {
      return std::min(signed_size(taps), signed_size(image) - position);
    };
    const Offset begin = begin_of(first_position + reach);
    const Offset all_begin = begin_of(first_position);
    const Offset all_end = end_of(first_position + reach);
    const Offset end = end_of(first_position);
    in_order = all_begin <= all_end || outputs == 1;
    const auto count = [](Offset from, Offset to) {
      return static_cast<std::size_t>(std::max<Offset>(0, to - from));
    };
    first = static_cast<std::size_t>(begin);
    lead = count(begin, all_begin);
    full = count(all_begin, all_end);
    trail = outputs == 1 ? 0 : count(all_end, end);
  }
  std::size_t first;  // tap that lies inside for any
  std::size_t lead;
  std::size_t full;
  std::size_t trail;
  bool in_order;  // false: some tap lies outside at both ends, so smaller tiles are needed
};

/// Where a tile lies among the outputs before pooling.
struct Corner {
  std::size_t row;
  std::size_t column;
};

/// The sums of kRows x kColumns outputs, and what their loops need, worked out before.
template <std::size_t kRows, std::size_t kColumns>
struct Tile {
  Tile(const Part& at, Corner corner) : Tile(at, corner, first_position(at, corner)) {}

  bool in_order() const { return rows.in_order && columns.in_order; }

  /// Floats of the input from this tile to the next along the row.
  std::size_t next() const { return kColumns * x_column; }

  /// Of the tile that lies `shift` floats of the input further on.
  template <std::size_t kFilters>
  HWY_INLINE void sum(std::size_t filter, std::size_t shift,
                      V (&sums)[kFilters][kRows * kColumns]) const {
    unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
      const V first = bias == nullptr ? hn::Zero(D()) : hn::Set(D(), bias[filter + f]);
      unroll<0, kRows * kColumns>([&](auto p) LOCKSTEP_INLINE_LAMBDA { sums[f][p] = first; });
    });
    const float* HWY_RESTRICT w_of_channel = weight + filter * w_filter;
    const float* HWY_RESTRICT x_of_channel = input + shift;
    for (std::size_t c = channels; c > 0; --c) {
      const float* HWY_RESTRICT w = w_of_channel;
      const float* HWY_RESTRICT x = x_of_channel;
      if constexpr (kRows == 2) {
        for (std::size_t ky = rows.lead; ky > 0; --ky) add_row<1, 2>(sums, w, x);
      }
      for (std::size_t ky = rows.full; ky > 0; --ky) add_row<0, kRows>(sums, w, x);
      if constexpr (kRows == 2) {
        for (std::size_t ky = rows.trail; ky > 0; --ky) add_row<0, 1>(sums, w, x);
      }
      w_of_channel += w_channel;
      x_of_channel += x_channel;
    }
  }

  struct Position {
    Offset row;
    Offset column;
  };

  static Position first_position(const Part& at, Corner corner) {
    const Window& window = at.geometry.input.window;
    return {
        signed_size(corner.row * window.stride.rows) - signed_size(window.padding.rows),
        signed_size(corner.column * window.stride.columns) - signed_size(window.padding.columns)};
  }

  Tile(const Part& at, Corner /*corner*/, Position from)
      : rows(kRows, from.row, at.geometry.input.window.stride.rows, at.geometry.input.image.rows,
             at.geometry.input.window.kernel.rows),
        columns(kColumns, from.column, at.geometry.input.window.stride.columns,
                at.geometry.input.image.columns, at.geometry.input.window.kernel.columns) {
    const auto& [image, window] = at.geometry.input;
    if (kColumns > 2 && window.stride.columns != 1 && columns.lead + columns.trail > 0) {
      columns.in_order = false;
    }
    const Offset y = from.row + signed_size(rows.first);
    const Offset x = from.column + signed_size(columns.first);
    input = at.input + (y * signed_size(image.columns) + x) * signed_size(kLanes);
    channels = image.channels;
    x_channel = image.rows * image.columns * kLanes;
    x_line = image.columns * kLanes;
    x_row = window.stride.rows * x_line;
    x_column = window.stride.columns * kLanes;
    weight = at.arguments.weight.data() + rows.first * window.kernel.columns + columns.first;
    w_filter = at.geometry.weights_per_filter();
    w_channel = window.kernel.size();
    w_line = window.kernel.columns;
    bias = at.arguments.bias.empty() ? nullptr : at.arguments.bias.data();
  }

  /// Taps of one kernel row, for rows [kFirst, kEnd) of the tile; moves on to the next.
  template <std::size_t kFirst, std::size_t kEnd, std::size_t kFilters>
  HWY_INLINE void add_row(V (&sums)[kFilters][kRows * kColumns], const float* HWY_RESTRICT& w_row,
                          const float* HWY_RESTRICT& x_of_row) const {
    const float* HWY_RESTRICT w = w_row;
    const float* HWY_RESTRICT x = x_of_row;
    const auto add = [&]<std::size_t kLeft, std::size_t kRight>() LOCKSTEP_INLINE_LAMBDA {
      V of_filter[kFilters];
      unroll<0, kFilters>(
          [&](auto f) LOCKSTEP_INLINE_LAMBDA { of_filter[f] = hn::Set(D(), w[f * w_filter]); });
      unroll<kFirst, kEnd>([&](auto r) LOCKSTEP_INLINE_LAMBDA {
        unroll<kLeft, kRight>([&](auto p) LOCKSTEP_INLINE_LAMBDA {
          const V pixel = hn::Load(D(), x + r * x_row + p * x_column);
          unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
            V& to = sums[f][r * kColumns + p];
            to = fused(of_filter[f], pixel, to);
          });
        });
      });
      ++w;
      x += kLanes;
    };
    if constexpr (kColumns == 4) {
      if (columns.lead > 2) add.template operator()<3, 4>();
      if (columns.lead > 1) add.template operator()<2, 4>();
      if (columns.lead > 0) add.template operator()<1, 4>();
    } else if constexpr (kColumns == 2) {
      for (std::size_t kx = columns.lead; kx > 0; --kx) add.template operator()<1, 2>();
    }
    for (std::size_t kx = columns.full; kx > 0; --kx) add.template operator()<0, kColumns>();
    if constexpr (kColumns == 4) {
      if (columns.trail > 0) add.template operator()<0, 3>();
      if (columns.trail > 1) add.template operator()<0, 2>();
      if (columns.trail > 2) add.template operator()<0, 1>();
    } else if constexpr (kColumns == 2) {
      for (std::size_t kx = columns.trail; kx > 0; --kx) add.template operator()<0, 1>();
    }
    w_row += w_line;
    x_of_row += x_line;
  }

  TapSpan rows;
  TapSpan columns;
  const float* input;  // under the first output's first tap, channel 0
  std::size_t channels;
  std::size_t x_channel;  // floats from one channel to the next
  std::size_t x_line;     // floats from one row of the image to the next
  std::size_t x_row;      // floats from one row of the tile to the next
  std::size_t x_column;   // floats from one column of the tile to the next
  const float* weight;    // filter 0, channel 0, the first taps
  std::size_t w_filter;   // floats from one filter to the next
  std::size_t w_channel;  // floats from one channel to the next
  std::size_t w_line;     // floats from one kernel row to the next
  const float* bias;      // or null
};

/// Tiles of one row, without pooling: `count` of them side by side, alike but for their place.
template <std::size_t kColumns>
struct RowTiles {
  const Part& at;
  Corner corner;
  const Tile<1, kColumns>& tile;
  std::size_t count = 1;

  template <std::size_t kFilters>
  HWY_NOINLINE void run(std::size_t filter) const {
    for (std::size_t i = 0; i < count; ++i) run_one<kFilters>(filter, i);
  }

  template <std::size_t kFilters>
  HWY_INLINE void run_one(std::size_t filter, std::size_t i) const {
    V sums[kFilters][kColumns];
    tile.sum(filter, i * tile.next(), sums);
    const std::size_t stride = at.arguments.output.feature_stride;
    const std::size_t next = at.positions.size() * stride;
    float* const to =
        at.output + ((filter * at.positions.rows + corner.row) * at.positions.columns +
                     corner.column + i * kColumns) *
                        stride;
    const bool rectifies = at.geometry.epilogue.activation == Activation::relu;
    unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
      unroll<0, kColumns>([&](auto p) LOCKSTEP_INLINE_LAMBDA {
        const V y = rectifies ? activate<Activation::relu>(sums[f][p]) : sums[f][p];
        hn::Store(y, D(), to + f * next + p * stride);
      });
    });
    if (rectifies || at.geometry.epilogue.activation == Activation::none) return;
    with_activation(at.geometry.epilogue.activation, [&]<Activation kActivation>() {
      for (std::size_t f = 0; f < kFilters; ++f) {
        for (std::size_t p = 0; p < kColumns; ++p) {
          float* y = to + f * next + p * stride;
          hn::Store(activate<kActivation>(hn::Load(D(), y)), D(), y);
        }
      }
    });
  }
};

/// Sums of a window of 2 x 2 outputs, one after the other, where a tile of all four does not do.
template <std::size_t kFilters>
HWY_NOINLINE void sum_one_by_one(const Part& at, Corner corner, std::size_t filter,
                                 V (&sums)[kFilters][kPixels]) {
  for (std::size_t p = 0; p < kPixels; ++p) {
    V one[kFilters][1];
    Tile<1, 1>(at, {corner.row + p / 2, corner.column + p % 2}).sum(filter, 0, one);
    for (std::size_t f = 0; f < kFilters; ++f) sums[f][p] = one[f][0];
  }
}

/// Pooled outputs of one row: `count` of them side by side, alike but for their place.
struct PooledTiles {
  const Part& at;
  Corner corner;
  const Tile<2, 2>& tile;
  std::size_t count = 1;

  template <std::size_t kFilters>
  HWY_NOINLINE void run(std::size_t filter) const {
    for (std::size_t i = 0; i < count; ++i) run_one<kFilters>(filter, i);
  }

  template <std::size_t kFilters>
  HWY_INLINE void run_one(std::size_t filter, std::size_t i) const {
    V sums[kFilters][kPixels];
    if (tile.in_order()) {
      tile.sum(filter, i * tile.next(), sums);
    } else {
      sum_one_by_one(at, corner, filter, sums);
    }
    const Extent2d pooled{.rows = at.positions.rows / 2, .columns = at.positions.columns / 2};
    const std::size_t feature =
        (filter * pooled.rows + corner.row / 2) * pooled.columns + corner.column / 2 + i;
    if (at.geometry.epilogue.activation == Activation::relu) {
      unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
        pool<Activation::relu>(sums[f], feature + f * pooled.size());
      });
      return;
    }
    HWY_ALIGN float before[kFilters][kPixels][kWidth];
    unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
      unroll<0, kPixels>([&](auto p)
                             LOCKSTEP_INLINE_LAMBDA { hn::Store(sums[f][p], D(), before[f][p]); });
    });
    with_activation(at.geometry.epilogue.activation, [&]<Activation kActivation>() {
      for (std::size_t f = 0; f < kFilters; ++f) {
        V of_filter[kPixels];
        for (std::size_t p = 0; p < kPixels; ++p) of_filter[p] = hn::Load(D(), before[f][p]);
        pool<kActivation>(of_filter, feature + f * pooled.size());
      }
    });
  }

  template <Activation kActivation>
  HWY_INLINE void pool(const V (&sums)[kPixels], std::size_t feature) const {
    const PooledWindow place{.saved = at.arguments.saved.data(),
                             .window = at.block * at.arguments.output.features + feature,
                             .part = at.part};
    const bool keep = !at.arguments.saved.empty();
    const V pooled = at.geometry.epilogue.pooling == Pooling::average
                         ? average_window<kActivation>(sums, place, keep)
                         : maximum_window<kActivation>(sums, place, keep);
    hn::Store(pooled, D(), at.output + feature * at.arguments.output.feature_stride);
  }
};

/// How many tiles of `pixels` outputs from a column on have all their taps inside the image, at
/// most as many as leave their pixels in the first cache while all filters read them.
std::size_t tiles_inside(const Part& at, std::size_t column, std::size_t pixels) {
  constexpr std::size_t kFloats = 8192;  // 32 KiB
  const auto& [image, window] = at.geometry.input;
  if (column * window.stride.columns < window.padding.columns) return 0;
  const std::size_t first = column * window.stride.columns - window.padding.columns;
  if (first + window.kernel.columns > image.columns) return 0;
  const std::size_t outputs =
      std::min((image.columns - first - window.kernel.columns) / window.stride.columns + 1,
               at.positions.columns - column);
  const std::size_t of_tile = image.channels * (window.kernel.rows + window.stride.rows) * pixels *
                              window.stride.columns * kLanes;
  return std::min(outputs / pixels, std::max<std::size_t>(1, kFloats / of_tile));
}

void plain_row(const Part& at, std::size_t row) {
  const std::size_t filters = at.geometry.filters;
  Corner corner{.row = row, .column = 0};
  while (corner.column < at.positions.columns) {
    if (corner.column + kPixels <= at.positions.columns) {
      const Tile<1, kPixels> tile(at, corner);
      const std::size_t inside = tiles_inside(at, corner.column, kPixels);
      if (tile.in_order()) {
        const std::size_t count = std::max<std::size_t>(1, inside);
        for_tiles<kTileFilters>(filters, RowTiles<kPixels>{at, corner, tile, count});
        corner.column += count * kPixels;
        continue;
      }
    }
    const Tile<1, 1> tile(at, corner);
    for_tiles<kTileFilters>(filters, RowTiles<1>{at, corner, tile});
    ++corner.column;
  }
}

void pooled_row(const Part& at, std::size_t row) {
  Corner corner{.row = row, .column = 0};
  while (corner.column < at.positions.columns) {
    const Tile<2, 2> tile(at, corner);
    const std::size_t inside = tile.in_order() ? tiles_inside(at, corner.column, 2) : 0;
    const std::size_t count = std::max<std::size_t>(1, inside);
    for_tiles<kTileFilters>(at.geometry.filters, PooledTiles{at, corner, tile, count});
    corner.column += count * 2;
  }
}

void forward(const Conv2dGeometry& geometry, const Conv2dForward& arguments) {
  const bool pools = geometry.epilogue.pooling != Pooling::none;
  const Extent2d positions = geometry.positions();
  const std::size_t rows = geometry.output().rows;
  const IndexRange mine = arguments.share.of(arguments.input.blocks * rows);
  for (std::size_t i = mine.first; i < mine.last; ++i) {
    const std::size_t block = i / rows;
    const std::size_t row = i % rows;
    for (std::size_t part = 0; part < kParts; ++part) {
      const Part at{.geometry = geometry,
                    .arguments = arguments,
                    .positions = positions,
                    .block = block,
                    .part = part,
                    .input = arguments.input.at(0, block) + part * kWidth,
                    .output = arguments.output.at(0, block) + part * kWidth};
      pools ? pooled_row(at, 2 * row) : plain_row(at, row);
    }
  }
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(forward);

Extent2d Conv2dGeometry::positions() const {
  const Extent2d all = input.output();
  if (epilogue.pooling == Pooling::none) return all;
  return {.rows = all.rows / 2 * 2, .columns = all.columns / 2 * 2};
}

Extent2d Conv2dGeometry::output() const {
  const Extent2d used = positions();
  if (epilogue.pooling == Pooling::none) return used;
  return {.rows = used.rows / 2, .columns = used.columns / 2};
}

void conv2d_forward(const Conv2dGeometry& geometry, const Conv2dForward& arguments) {
  assert(arguments.input.features == geometry.input.image.size());
  assert(arguments.output.features == geometry.filters * geometry.output().size());
  assert(is_blocked(arguments.input) && arguments.input.blocks == arguments.output.blocks);
  assert(arguments.weight.size() == geometry.weights());
  assert(arguments.bias.empty() || arguments.bias.size() == geometry.filters);
  assert(arguments.saved.empty() ||
         arguments.saved.size() >= conv2d_memory(geometry, arguments.input.blocks).saved);
  HWY_DYNAMIC_DISPATCH(forward)(geometry, arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
