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
  const float* input;  // feature 0
  float* output;       // feature 0
};

/// Where a tile lies among the outputs before pooling.
struct Corner {
  std::size_t row;
  std::size_t column;
};

/// The sums of a tile of filters x kRows x kColumns outputs.
/// @tparam kChecked  some of the taps may lie outside the image
template <std::size_t kRows, std::size_t kColumns, bool kChecked>
struct Sums {
  const Part& at;
  Corner corner;

  template <std::size_t kFilters>
  HWY_INLINE void run(std::size_t filter, V (&sums)[kFilters][kRows * kColumns]) const {
    const auto bias = at.arguments.bias;
    for (std::size_t f = 0; f < kFilters; ++f) {
      const V first = bias.empty() ? hn::Zero(D()) : hn::Set(D(), bias[filter + f]);
      for (std::size_t p = 0; p < kRows * kColumns; ++p) sums[f][p] = first;
    }
    const auto& [image, window] = at.geometry.input;
    const float* HWY_RESTRICT weight =
        at.arguments.weight.data() + filter * at.geometry.weights_per_filter();
    const Offset top =
        signed_size(corner.row * window.stride.rows) - signed_size(window.padding.rows);
    for (std::size_t c = 0; c < image.channels; ++c) {
      for (std::size_t ky = 0; ky < window.kernel.rows; ++ky) {
        add_row(sums, weight, c, top + signed_size(ky));
        weight += window.kernel.columns;
      }
    }
  }

  /// Taps of one kernel row; y is that of the tile's first row.
  template <std::size_t kFilters>
  HWY_INLINE void add_row(V (&sums)[kFilters][kRows * kColumns], const float* HWY_RESTRICT weight,
                          std::size_t channel, Offset y) const {
    const auto& [image, window] = at.geometry.input;
    const std::size_t per_filter = at.geometry.weights_per_filter();
    const Offset stride = signed_size(at.arguments.input.feature_stride);
    const Offset step = signed_size(window.stride.columns);
    const Offset left = signed_size(corner.column) * step - signed_size(window.padding.columns);
    const Offset line = signed_size(image.columns) * stride;
    const Offset row_step = signed_size(window.stride.rows);
    if (kChecked && kRows == 1 && !is_inside(y, image.rows)) return;
    const float* HWY_RESTRICT pixel =
        at.input + (signed_size(channel * image.rows) + y) * line + left * stride;
    for (std::size_t kx = 0; kx < window.kernel.columns; ++kx, pixel += stride) {
      V of_filter[kFilters];
      for (std::size_t f = 0; f < kFilters; ++f) {
        of_filter[f] = hn::Set(D(), weight[f * per_filter + kx]);
      }
      for (std::size_t r = 0; r < kRows; ++r) {
        const Offset down = signed_size(r) * row_step;
        if (kChecked && kRows > 1 && !is_inside(y + down, image.rows)) continue;
        for (std::size_t p = 0; p < kColumns; ++p) {
          const Offset right = signed_size(p) * step;
          if (kChecked && !is_inside(left + signed_size(kx) + right, image.columns)) continue;
          const V x = hn::Load(D(), pixel + down * line + right * stride);
          for (std::size_t f = 0; f < kFilters; ++f) {
            sums[f][r * kColumns + p] = fused(of_filter[f], x, sums[f][r * kColumns + p]);
          }
        }
      }
    }
  }
};

/// Outputs of one row, without pooling.
template <std::size_t kColumns, bool kChecked>
struct RowTile {
  const Part& at;
  Corner corner;

  template <std::size_t kFilters>
  HWY_NOINLINE void run(std::size_t filter) const {
    V sums[kFilters][kColumns];
    Sums<1, kColumns, kChecked>{at, corner}.run(filter, sums);
    const std::size_t stride = at.arguments.output.feature_stride;
    const std::size_t feature =
        (filter * at.positions.rows + corner.row) * at.positions.columns + corner.column;
    float* to = at.output + feature * stride;
    for (std::size_t f = 0; f < kFilters; ++f, to += at.positions.size() * stride) {
      for (std::size_t p = 0; p < kColumns; ++p) hn::Store(sums[f][p], D(), to + p * stride);
    }
    const Activation activation = at.geometry.epilogue.activation;
    if (activation == Activation::none) return;
    to = at.output + feature * stride;
    with_activation(activation, [&]<Activation kActivation>() {
      for (std::size_t f = 0; f < kFilters; ++f, to += at.positions.size() * stride) {
        for (std::size_t p = 0; p < kColumns; ++p) {
          hn::Store(activate<kActivation>(hn::Load(D(), to + p * stride)), D(), to + p * stride);
        }
      }
    });
  }
};

/// One pooled output of each filter.
template <bool kChecked>
struct PooledTile {
  const Part& at;
  Corner corner;

  template <std::size_t kFilters>
  HWY_NOINLINE void run(std::size_t filter) const {
    HWY_ALIGN float before[kFilters][kPixels][kWidth];
    {
      V sums[kFilters][kPixels];
      Sums<2, 2, kChecked>{at, corner}.run(filter, sums);
      for (std::size_t f = 0; f < kFilters; ++f) {
        for (std::size_t p = 0; p < kPixels; ++p) hn::Store(sums[f][p], D(), before[f][p]);
      }
    }
    const Extent2d pooled = at.geometry.output();
    const std::size_t feature =
        (filter * pooled.rows + corner.row / 2) * pooled.columns + corner.column / 2;
    with_activation(at.geometry.epilogue.activation, [&]<Activation kActivation>() {
      for (std::size_t f = 0; f < kFilters; ++f) {
        pool<kActivation>(before[f], feature + f * pooled.size());
      }
    });
  }

  template <Activation kActivation>
  HWY_INLINE void pool(const float (&before)[kPixels][kWidth], std::size_t feature) const {
    V y[kPixels];
    for (std::size_t p = 0; p < kPixels; ++p) {
      y[p] = activate<kActivation>(hn::Load(D(), before[p]));
    }
    const PooledWindow place{.saved = at.arguments.saved.data(),
                             .window = at.block * at.arguments.output.features + feature,
                             .part = at.part};
    float* to = at.output + feature * at.arguments.output.feature_stride;
    const bool keep = !at.arguments.saved.empty();
    const V pooled = at.geometry.epilogue.pooling == Pooling::average
                         ? average_window<kActivation>(y, place, keep)
                         : maximum_window<kActivation>(y, place, keep);
    hn::Store(pooled, D(), to);
  }
};

/// Whether all taps of a tile's windows lie inside the image.
bool is_interior(const WindowedImage& input, Corner corner, Extent2d tile) {
  const auto& [image, window] = input;
  const auto inside = [](std::size_t first, std::size_t count, std::size_t stride,
                         std::size_t kernel, std::size_t padding, std::size_t size) {
    return first * stride >= padding && (first + count - 1) * stride + kernel <= size + padding;
  };
  return inside(corner.row, tile.rows, window.stride.rows, window.kernel.rows, window.padding.rows,
                image.rows) &&
         inside(corner.column, tile.columns, window.stride.columns, window.kernel.columns,
                window.padding.columns, image.columns);
}

void plain_row(const Part& at, std::size_t row) {
  const std::size_t filters = at.geometry.filters;
  Corner corner{.row = row, .column = 0};
  for (; corner.column + kPixels <= at.positions.columns; corner.column += kPixels) {
    if (is_interior(at.geometry.input, corner, {.rows = 1, .columns = kPixels})) {
      for_tiles<kTileFilters>(filters, RowTile<kPixels, false>{at, corner});
    } else {
      for_tiles<kTileFilters>(filters, RowTile<kPixels, true>{at, corner});
    }
  }
  for (; corner.column < at.positions.columns; ++corner.column) {
    for_tiles<kTileFilters>(filters, RowTile<1, true>{at, corner});
  }
}

void pooled_row(const Part& at, std::size_t row) {
  const std::size_t filters = at.geometry.filters;
  for (Corner corner{.row = row, .column = 0}; corner.column < at.positions.columns;
       corner.column += 2) {
    if (is_interior(at.geometry.input, corner, {.rows = 2, .columns = 2})) {
      for_tiles<kTileFilters>(filters, PooledTile<false>{at, corner});
    } else {
      for_tiles<kTileFilters>(filters, PooledTile<true>{at, corner});
    }
  }
}

void forward(const Conv2dGeometry& geometry, const Conv2dForward& arguments) {
  const bool pools = geometry.epilogue.pooling != Pooling::none;
  const Extent2d positions = geometry.positions();
  for (std::size_t block = 0; block < arguments.input.blocks; ++block) {
    for (std::size_t row = 0; row < positions.rows; row += pools ? 2 : 1) {
      for (std::size_t part = 0; part < kParts; ++part) {
        const Part at{.geometry = geometry,
                      .arguments = arguments,
                      .positions = positions,
                      .block = block,
                      .part = part,
                      .input = arguments.input.at(0, block) + part * kWidth,
                      .output = arguments.output.at(0, block) + part * kWidth};
        pools ? pooled_row(at, row) : plain_row(at, row);
      }
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
  assert(arguments.input.blocks == arguments.output.blocks);
  assert(arguments.weight.size() == geometry.weights());
  assert(arguments.bias.empty() || arguments.bias.size() == geometry.filters);
  assert(arguments.saved.empty() ||
         arguments.saved.size() >= conv2d_memory(geometry, arguments.input.blocks).saved);
  HWY_DYNAMIC_DISPATCH(forward)(geometry, arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
