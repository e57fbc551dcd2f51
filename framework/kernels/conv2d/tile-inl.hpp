// Tiles of a convolution's outputs before the epilogue. Highway's re-inclusion pattern, hence the
// guard.

#if defined(LOCKSTEP_KERNELS_CONV2D_TILE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_CONV2D_TILE_INL
#undef LOCKSTEP_KERNELS_CONV2D_TILE_INL
#else
#define LOCKSTEP_KERNELS_CONV2D_TILE_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "framework/kernels/conv2d/conv2d.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

/// Outputs of one filter in a tile: 1 x 4, or 2 x 2 where pooling follows.
inline constexpr std::size_t kPixels = 4;
/// Filters in a tile, so that the accumulators and their operands fill the registers.
inline constexpr std::size_t kTileFilters = kManyRegisters ? 6 : 3;

/// One block of 16 samples and one part of its lanes.
struct BlockPart {
  const Conv2dGeometry& geometry;
  const Conv2dForward& arguments;
  Extent2d positions;  // outputs before pooling
  std::size_t block;
  std::size_t part;
  const float* input;  // (C, H, W, 16)
  float* output;       // feature 0
};

/// Taps along one axis, in order, for two or more adjacent outputs: `lead` that lie before the
/// image for the first outputs (one output less each time), `full` that lie inside it for all,
/// `trail` that lie after it for the last outputs.
struct OutputTaps {
  /// @param first_position  of the first output's first tap; may lie before the image
  OutputTaps(std::size_t outputs, Offset first_position, std::size_t step, std::size_t image,
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
  std::size_t first;  // the first tap inside the image for any output
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

/// The sums of kRows x kColumns outputs, and the addresses that their loops need, computed in
/// advance.
template <std::size_t kRows, std::size_t kColumns>
struct OutputTile {
  static constexpr std::size_t kOutputs = kRows * kColumns;

  OutputTile(const BlockPart& at, Corner corner) : OutputTile(at, first_position(at, corner)) {}

  bool in_order() const { return rows.in_order && columns.in_order; }

  /// Whether the same taps lie inside the image for all outputs.
  bool alike() const { return rows.lead + rows.trail + columns.lead + columns.trail == 0; }

  /// Floats of the input from this tile to the next along the row.
  std::size_t next() const { return kColumns * x_column; }

  /// Sums of the tile that lies `shift` floats of the input further on.
  template <std::size_t kFilters>
  HWY_INLINE void sum(std::size_t filter, std::size_t shift, V (&sums)[kFilters][kOutputs]) const {
    start(filter, sums);
    const float* HWY_RESTRICT w_of_channel = weight + filter * w_filter;
    const float* HWY_RESTRICT x_of_channel = input + shift;
    for (std::size_t c = channels; c > 0;
         --c, w_of_channel += w_channel, x_of_channel += x_channel) {
      const float* HWY_RESTRICT w_of_row = w_of_channel;
      const float* HWY_RESTRICT x_of_row = x_of_channel;
      for (std::size_t ky = rows.full; ky > 0; --ky, w_of_row += w_line, x_of_row += x_line) {
        const float* HWY_RESTRICT w = w_of_row;
        const float* HWY_RESTRICT x = x_of_row;
        for (std::size_t kx = columns.full; kx > 0; --kx, ++w, x += kLanes) {
          add<0, kRows, 0, kColumns>(sums, w, x);
        }
      }
    }
  }

  /// The same where some taps lie outside the image for some outputs.
  template <std::size_t kFilters>
  HWY_INLINE void sum_border(std::size_t filter, std::size_t shift,
                             V (&sums)[kFilters][kOutputs]) const {
    start(filter, sums);
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

 private:
  struct Position {
    Offset row;
    Offset column;
  };

  static Position first_position(const BlockPart& at, Corner corner) {
    const Window& window = at.geometry.input.window;
    return {
        signed_size(corner.row * window.stride.rows) - signed_size(window.padding.rows),
        signed_size(corner.column * window.stride.columns) - signed_size(window.padding.columns)};
  }

  OutputTile(const BlockPart& at, Position from)
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

  template <std::size_t kFilters>
  HWY_INLINE void start(std::size_t filter, V (&sums)[kFilters][kOutputs]) const {
    unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
      const V first = bias == nullptr ? hn::Zero(D()) : hn::Set(D(), bias[filter + f]);
      unroll<0, kOutputs>([&](auto p) LOCKSTEP_INLINE_LAMBDA { sums[f][p] = first; });
    });
  }

  /// One tap, for rows [kFirst, kEnd) and columns [kLeft, kRight) of the tile.
  template <std::size_t kFirst, std::size_t kEnd, std::size_t kLeft, std::size_t kRight,
            std::size_t kFilters>
  HWY_INLINE void add(V (&sums)[kFilters][kOutputs], const float* HWY_RESTRICT w,
                      const float* HWY_RESTRICT x) const {
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
  }

  /// Taps of one kernel row, for rows [kFirst, kEnd) of the tile; moves on to the next.
  template <std::size_t kFirst, std::size_t kEnd, std::size_t kFilters>
  HWY_INLINE void add_row(V (&sums)[kFilters][kOutputs], const float* HWY_RESTRICT& w_row,
                          const float* HWY_RESTRICT& x_of_row) const {
    const float* HWY_RESTRICT w = w_row;
    const float* HWY_RESTRICT x = x_of_row;
    const auto add_tap = [&]<std::size_t kLeft, std::size_t kRight>() LOCKSTEP_INLINE_LAMBDA {
      add<kFirst, kEnd, kLeft, kRight>(sums, w, x);
      ++w;
      x += kLanes;
    };
    if constexpr (kColumns == 4) {
      if (columns.lead > 2) add_tap.template operator()<3, 4>();
      if (columns.lead > 1) add_tap.template operator()<2, 4>();
      if (columns.lead > 0) add_tap.template operator()<1, 4>();
    } else if constexpr (kColumns == 2) {
      for (std::size_t kx = columns.lead; kx > 0; --kx) add_tap.template operator()<1, 2>();
    }
    for (std::size_t kx = columns.full; kx > 0; --kx) add_tap.template operator()<0, kColumns>();
    if constexpr (kColumns == 4) {
      if (columns.trail > 0) add_tap.template operator()<0, 3>();
      if (columns.trail > 1) add_tap.template operator()<0, 2>();
      if (columns.trail > 2) add_tap.template operator()<0, 1>();
    } else if constexpr (kColumns == 2) {
      for (std::size_t kx = columns.trail; kx > 0; --kx) add_tap.template operator()<0, 1>();
    }
    w_row += w_line;
    x_of_row += x_line;
  }

  OutputTaps rows;
  OutputTaps columns;
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

/// How many tiles of `pixels` outputs from a column on have all taps inside the image; at most so
/// many that their pixels stay in the first cache while all filters read them.
inline std::size_t tiles_inside(const BlockPart& at, std::size_t column, std::size_t pixels) {
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

/// Calls run(part, row) for the rows of the pooled output that are this call's share.
template <class Run>
HWY_INLINE void for_rows(const Conv2dGeometry& geometry, const Conv2dForward& arguments,
                         const Run& run) {
  const std::size_t rows = geometry.output().rows;
  const IndexRange mine = arguments.share.of(arguments.input.blocks * rows);
  for (std::size_t i = mine.first; i < mine.last; ++i) {
    const std::size_t block = i / rows;
    for (std::size_t part = 0; part < kParts; ++part) {
      run(BlockPart{.geometry = geometry,
                    .arguments = arguments,
                    .positions = geometry.positions(),
                    .block = block,
                    .part = part,
                    .input = arguments.input.at(0, block) + part * kWidth,
                    .output = arguments.output.at(0, block) + part * kWidth},
          i % rows);
    }
  }
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
