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

#include "framework/kernels/conv2d/conv2d.hpp"
#include "framework/kernels/conv2d/gradient_rows.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

/// Adds the outputs of some rows of one block to 16-lane sums.
struct ParameterSums {
  const Conv2dGeometry& geometry;
  const float* input;  // (C, H, W, 16)
  GradientRows gradient;
  float* weights;  // (weights, 16)
  float* biases;   // (O, 16), or null
  bool fresh;      // the sums start here, at +0
  IndexRange filters;
};

/// Columns of one kernel row whose weights are summed side by side.
inline constexpr std::size_t kMostTaps = 5;

/// Filters in a tile, so that its sums, a column's pixels and one gradient fill the registers. More
/// than nine gain nothing, and each number is a separate function to compile.
template <std::size_t kTileTaps>
inline constexpr std::size_t kTapFilters =
    std::min<std::size_t>(9, ((kManyRegisters ? 32 : 16) - kTileTaps - 1) / kTileTaps);

/// Positions [begin, end) of the output along one axis whose taps [tap, tap + taps) lie inside the
/// image: all of them, and at least one.
struct InsideRange {
  InsideRange(std::size_t image, std::size_t stride, std::size_t padding, std::size_t tap,
              std::size_t taps, std::size_t count) {
    const auto positions = [&](std::size_t size) {
      return stride == 1 ? size
                         : (size + stride - 1) / stride;  // a division costs as many as 20 sums
    };
    const auto below = [](std::size_t size, std::size_t less) {
      return size > less ? size - less : 0;
    };
    begin = std::min(positions(below(padding, tap)), count);
    end = std::clamp(positions(below(image + padding + 1, tap + taps)), begin, count);
  }
  std::size_t begin;
  std::size_t end;
};

/// Where one tile of weights of each channel finds its rows: all addresses that its loops need,
/// computed in advance.
struct WeightWalk {
  const float* g;        // first row, first column, first filter
  std::size_t g_filter;  // floats from one filter to the next
  std::size_t g_row;     // floats from one row to the next
  const float* x;        // the pixel of channel 0 under the first tap there; outside it perhaps
  std::size_t channels;
  std::size_t x_channel;  // floats from one channel to the next
  std::size_t x_row;      // floats from one output row to the next
  std::size_t x_column;   // floats from one output column to the next
  std::size_t rows;       // all of whose taps lie inside the image
  std::size_t columns;
  InsideRange inside;  // columns
  Offset left;         // column of the pixel under the first tap
  std::size_t step;    // pixels from one output column to the next
  std::size_t image_columns;
  float* sums;               // of the first filter and tap, channel 0
  std::size_t sums_filter;   // floats from one filter to the next
  std::size_t sums_channel;  // floats from one channel to the next
  bool fresh;
};

/// Adds one channel to a tile of sums.
/// @tparam kBorders  some columns have taps outside the image
template <std::size_t kFilters, std::size_t kTileTaps, bool kBorders>
HWY_INLINE void sum_channel(const WeightWalk& walk, const float* HWY_RESTRICT x_row,
                            float* HWY_RESTRICT to) {
  const std::size_t next = walk.sums_filter;
  V sums[kFilters][kTileTaps];
  unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
    unroll<0, kTileTaps>([&](auto t) LOCKSTEP_INLINE_LAMBDA {
      sums[f][t] = walk.fresh ? hn::Zero(D()) : hn::Load(D(), to + f * next + t * kLanes);
    });
  });
  const std::size_t g_filter = walk.g_filter;
  const auto add = [&](const float* HWY_RESTRICT g, const float* HWY_RESTRICT x)
                       LOCKSTEP_INLINE_LAMBDA {
                         V pixels[kTileTaps];
                         unroll<0, kTileTaps>([&](auto t) LOCKSTEP_INLINE_LAMBDA {
                           pixels[t] = hn::Load(D(), x + t * kLanes);
                           keep_in_register(pixels[t]);
                         });
                         unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
                           V of_filter = hn::Load(D(), g + f * g_filter);
                           keep_in_register(of_filter);
                           unroll<0, kTileTaps>([&](auto t) LOCKSTEP_INLINE_LAMBDA {
                             sums[f][t] = fused(of_filter, pixels[t], sums[f][t]);
                           });
                         });
                       };
  const auto add_border = [&](const float* HWY_RESTRICT g, const float* HWY_RESTRICT x,
                              Offset column) LOCKSTEP_INLINE_LAMBDA {
    unroll<0, kTileTaps>([&](auto t) LOCKSTEP_INLINE_LAMBDA {
      if (!is_inside(column + signed_size(t), walk.image_columns)) return;
      const V pixel = hn::Load(D(), x + t * kLanes);
      unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
        sums[f][t] = fused(hn::Load(D(), g + f * g_filter), pixel, sums[f][t]);
      });
    });
  };
  const float* HWY_RESTRICT g_row = walk.g;
  for (std::size_t row = walk.rows; row > 0; --row, g_row += walk.g_row, x_row += walk.x_row) {
    const float* HWY_RESTRICT g = g_row;
    const float* HWY_RESTRICT x = x_row;
    Offset at = walk.left;
    const auto advance = [&]() LOCKSTEP_INLINE_LAMBDA {
      g += kLanes;
      x += walk.x_column;
      if constexpr (kBorders) at += signed_size(walk.step);
    };
    std::size_t column = 0;
    if constexpr (kBorders) {
      for (; column < walk.inside.begin; ++column, advance()) add_border(g, x, at);
    }
    for (; column < walk.inside.end; ++column, advance()) add(g, x);
    if constexpr (kBorders) {
      for (; column < walk.columns; ++column, advance()) add_border(g, x, at);
    }
  }
  unroll<0, kFilters>([&](auto f) LOCKSTEP_INLINE_LAMBDA {
    unroll<0, kTileTaps>([&](auto t) LOCKSTEP_INLINE_LAMBDA {
      hn::Store(sums[f][t], D(), to + f * next + t * kLanes);
    });
  });
}

template <std::size_t kFilters, std::size_t kTileTaps, bool kBorders>
HWY_NOINLINE void sum_weights(const WeightWalk walk) {
  const float* x = walk.x;
  float* to = walk.sums;
  for (std::size_t c = walk.channels; c > 0; --c, x += walk.x_channel, to += walk.sums_channel) {
    sum_channel<kFilters, kTileTaps, kBorders>(walk, x, to);
  }
}

/// The kTileTaps taps from a kernel column on, for all channels and kernel rows. Rows of the
/// gradient are taken in groups that stay in the first cache meanwhile.
template <std::size_t kTileTaps>
struct TapColumns {
  const ParameterSums& at;
  std::size_t part;
  std::size_t kernel_column;
  InsideRange inside;

  template <std::size_t kFilters>
  HWY_INLINE void run(std::size_t filter) const {
    constexpr std::size_t kFloats = 8192;  // 32 KiB
    const std::size_t of_row = kFilters * at.gradient.columns * kLanes;
    const std::size_t at_a_time = std::max<std::size_t>(1, kFloats / of_row);
    for (std::size_t row = 0; row < at.gradient.rows; row += at_a_time) {
      const IndexRange rows{row, std::min(row + at_a_time, at.gradient.rows)};
      for (std::size_t ky = 0; ky < at.geometry.input.window.kernel.rows; ++ky) {
        const WeightWalk walk = walk_of(filter, ky, rows);
        if (inside.begin == 0 && inside.end == at.gradient.columns) {
          sum_weights<kFilters, kTileTaps, false>(walk);
        } else {
          sum_weights<kFilters, kTileTaps, true>(walk);
        }
      }
    }
  }

  WeightWalk walk_of(std::size_t filter, std::size_t kernel_row, IndexRange at_hand) const {
    const auto& [image, window] = at.geometry.input;
    const GradientRows& gradient = at.gradient;
    const InsideRange rows = rows_inside(kernel_row, at_hand);
    const Offset y = signed_size((gradient.first + rows.begin) * window.stride.rows + kernel_row) -
                     signed_size(window.padding.rows);
    const Offset left = signed_size(kernel_column) - signed_size(window.padding.columns);
    const std::size_t weight = filter * at.geometry.weights_per_filter() +
                               kernel_row * window.kernel.columns + kernel_column;
    return {.g = gradient.at(filter, rows.begin) + part * kWidth,
            .g_filter = gradient.rows * gradient.columns * kLanes,
            .g_row = gradient.columns * kLanes,
            .x = at.input + (y * signed_size(image.columns) + left) * signed_size(kLanes) +
                 part * kWidth,
            .channels = image.channels,
            .x_channel = image.rows * image.columns * kLanes,
            .x_row = window.stride.rows * image.columns * kLanes,
            .x_column = window.stride.columns * kLanes,
            .rows = rows.end - rows.begin,
            .columns = gradient.columns,
            .inside = inside,
            .left = left,
            .step = window.stride.columns,
            .image_columns = image.columns,
            .sums = at.weights + weight * kLanes + part * kWidth,
            .sums_filter = at.geometry.weights_per_filter() * kLanes,
            .sums_channel = window.kernel.size() * kLanes,
            .fresh = at.fresh && at_hand.first == 0};
  }

  /// Those of the gradient's rows at hand that a kernel row meets inside the image.
  InsideRange rows_inside(std::size_t kernel_row, IndexRange at_hand) const {
    const auto& [image, window] = at.geometry.input;
    const std::size_t before = at.gradient.first;
    InsideRange rows(image.rows, window.stride.rows, window.padding.rows, kernel_row, 1,
                     before + at_hand.last);
    rows.begin = std::max(rows.begin, before + at_hand.first) - before;
    rows.end = std::max(rows.end, before + rows.begin) - before;
    return rows;
  }
};

struct TapTile {
  const ParameterSums& at;
  std::size_t part;

  template <std::size_t kTileTaps>
  HWY_INLINE void run(std::size_t kernel_column) const {
    const auto& [image, window] = at.geometry.input;
    const InsideRange inside(image.columns, window.stride.columns, window.padding.columns,
                             kernel_column, kTileTaps, at.gradient.columns);
    for_tiles<kTapFilters<kTileTaps>>(at.filters,
                                      TapColumns<kTileTaps>{at, part, kernel_column, inside});
  }
};

struct BiasTile {
  const ParameterSums& at;
  std::size_t part;

  template <std::size_t kFilters>
  HWY_NOINLINE void run(std::size_t filter) const {
    const std::size_t positions = at.gradient.rows * at.gradient.columns;
    float* const to = at.biases + filter * kLanes + part * kWidth;
    V sums[kFilters];
    for (std::size_t f = 0; f < kFilters; ++f) {
      sums[f] = at.fresh ? hn::Zero(D()) : hn::Load(D(), to + f * kLanes);
    }
    const float* HWY_RESTRICT g = at.gradient.at(filter, 0) + part * kWidth;
    for (std::size_t i = 0; i < positions; ++i, g += kLanes) {
      for (std::size_t f = 0; f < kFilters; ++f) {
        sums[f] = hn::Add(sums[f], hn::Load(D(), g + f * positions * kLanes));
      }
    }
    for (std::size_t f = 0; f < kFilters; ++f) hn::Store(sums[f], D(), to + f * kLanes);
  }
};

inline void add_parameter_gradients(const ParameterSums& at) {
  for (std::size_t part = 0; part < kParts; ++part) {
    for_tiles<kMostTaps>(at.geometry.input.window.kernel.columns, TapTile{at, part});
    if (at.biases != nullptr) for_tiles<8>(at.filters, BiasTile{at, part});
  }
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
