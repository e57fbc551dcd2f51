#include "framework/kernels/conv2d/one_sample.hpp"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/conv2d/one_sample.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next ones need to come after.
#include <hwy/highway.h>

#include "framework/kernels/activation-inl.hpp"
#include "framework/kernels/conv2d/columns-inl.hpp"
#include "framework/kernels/conv2d/pooling_masks-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// Outputs of one row in a tile, or pooled outputs: windows of two rows.
constexpr std::size_t kColumns = kManyRegisters ? 12 : 8;
constexpr std::size_t kWindows = kManyRegisters ? 6 : 2;

/// Where a tile lies among the outputs before pooling.
struct Corner {
  std::size_t row;
  std::size_t column;
};

template <std::size_t kRows, std::size_t kTileColumns>
HWY_INLINE void start(const Filters& of, V (&sums)[kRows][kTileColumns]) {
  const V bias = hn::Load(D(), of.packed);
  unroll<0, kRows>([&](auto r) LOCKSTEP_INLINE_LAMBDA {
    unroll<0, kTileColumns>([&](auto x) LOCKSTEP_INLINE_LAMBDA { sums[r][x] = bias; });
  });
}

/// Sums of a tile with stride 1 and all taps inside the image.
template <std::size_t kRows, std::size_t kTileColumns>
HWY_INLINE void add_inside(const Filters& of, Corner corner, V (&sums)[kRows][kTileColumns]) {
  const ImageShape& image = of.geometry.input.image;
  const Window& window = of.geometry.input.window;
  const float* HWY_RESTRICT weight = of.packed + kLanes;
  const float* HWY_RESTRICT of_channel = of.input +
                                         (corner.row - window.padding.rows) * image.columns +
                                         corner.column - window.padding.columns;
  for (std::size_t c = image.channels; c > 0; --c) {
    const float* HWY_RESTRICT row = of_channel;
    for (std::size_t ky = window.kernel.rows; ky > 0; --ky) {
      const float* HWY_RESTRICT pixel = row;
      for (std::size_t kx = window.kernel.columns; kx > 0; --kx) {
        const V w = hn::Load(D(), weight);
        unroll<0, kRows>([&](auto r) LOCKSTEP_INLINE_LAMBDA {
          const float* HWY_RESTRICT pixels = pixel + r * image.columns;
          unroll<0, kTileColumns>([&](auto x) LOCKSTEP_INLINE_LAMBDA {
            sums[r][x] = fused(w, hn::Set(D(), pixels[x]), sums[r][x]);
          });
        });
        weight += kLanes;
        ++pixel;
      }
      row += image.columns;
    }
    of_channel += image.rows * image.columns;
  }
}

/// Sums of any tile: taps outside the image are left out.
template <std::size_t kRows, std::size_t kTileColumns>
HWY_INLINE void add_checked(const Filters& of, Corner corner, V (&sums)[kRows][kTileColumns]) {
  const ImageShape& image = of.geometry.input.image;
  const Window& window = of.geometry.input.window;
  const Extent2d stride = window.stride;
  const float* HWY_RESTRICT weight = of.packed + kLanes;
  const Offset top = signed_size(corner.row * stride.rows) - signed_size(window.padding.rows);
  const Offset left =
      signed_size(corner.column * stride.columns) - signed_size(window.padding.columns);
  for (std::size_t c = 0; c < image.channels; ++c) {
    const float* HWY_RESTRICT channel = of.input + c * image.rows * image.columns;
    for (std::size_t ky = 0; ky < window.kernel.rows; ++ky) {
      for (std::size_t kx = 0; kx < window.kernel.columns; ++kx, weight += kLanes) {
        const V w = hn::Load(D(), weight);
        unroll<0, kRows>([&](auto r) LOCKSTEP_INLINE_LAMBDA {
          const Offset y = top + signed_size(r * stride.rows + ky);
          if (!is_inside(y, image.rows)) return;
          const float* HWY_RESTRICT pixels = channel + y * signed_size(image.columns);
          unroll<0, kTileColumns>([&](auto column) LOCKSTEP_INLINE_LAMBDA {
            const Offset x = left + signed_size(column * stride.columns + kx);
            if (!is_inside(x, image.columns)) return;
            sums[r][column] = fused(w, hn::Set(D(), pixels[x]), sums[r][column]);
          });
        });
      }
    }
  }
}

/// Applies activation and pooling to a tile's sums, (rows, columns, kWidth), which are overwritten.
template <Activation kActivation>
void finish_in_place(Pooling pooling, std::size_t columns, float* sums) {
  if (pooling == Pooling::none) {
    for (std::size_t x = 0; x < columns; ++x) {
      float* y = sums + x * kWidth;
      hn::Store(activate<kActivation>(hn::Load(D(), y)), D(), y);
    }
    return;
  }
  for (std::size_t x = 0; x < columns; x += 2) {
    const float* upper = sums + x * kWidth;
    const float* lower = upper + columns * kWidth;
    const V taps[kTaps] = {hn::Load(D(), upper), hn::Load(D(), upper + kWidth),
                           hn::Load(D(), lower), hn::Load(D(), lower + kWidth)};
    constexpr PooledWindow kNotKept{};
    const V pooled = pooling == Pooling::average
                         ? average_window<kActivation>(taps, kNotKept, false)
                         : maximum_window<kActivation>(taps, kNotKept, false);
    hn::Store(pooled, D(), sums + x / 2 * kWidth);
  }
}

/// From a tile's sums to outputs.
HWY_NOINLINE void finish(const Filters& of, Corner corner, std::size_t columns, float* sums) {
  const Pooling pooling = of.geometry.epilogue.pooling;
  with_activation(of.geometry.epilogue.activation, [&]<Activation kActivation>() {
    finish_in_place<kActivation>(pooling, columns, sums);
  });
  const std::size_t side = pooling == Pooling::none ? 1 : 2;
  const Extent2d output = of.geometry.output();
  float* HWY_RESTRICT to = of.output + corner.row / side * output.columns + corner.column / side;
  for (std::size_t f = 0; f < of.count; ++f, to += output.size()) {
    for (std::size_t x = 0; x < columns / side; ++x) to[x] = sums[x * kWidth + f];
  }
}

/// Tiles of kRows rows from a column on, with kStep columns per item.
template <std::size_t kRows, std::size_t kStep, bool kInside>
struct Tile {
  const Filters& of;
  Corner corner;

  template <std::size_t kItems>
  HWY_NOINLINE void run(std::size_t item) const {
    constexpr std::size_t kTileColumns = kItems * kStep;
    const Corner at{.row = corner.row, .column = corner.column + item * kStep};
    V sums[kRows][kTileColumns];
    start(of, sums);
    if constexpr (kInside) {
      add_inside(of, at, sums);
    } else {
      add_checked(of, at, sums);
    }
    HWY_ALIGN float stored[kRows * kTileColumns * kWidth];
    unroll<0, kRows>([&](auto r) LOCKSTEP_INLINE_LAMBDA {
      unroll<0, kTileColumns>([&](auto x) LOCKSTEP_INLINE_LAMBDA {
        hn::Store(sums[r][x], D(), stored + (r * kTileColumns + x) * kWidth);
      });
    });
    finish(of, at, kTileColumns, stored);
  }
};

/// Positions [first, end) along one axis whose taps all lie inside the image, in multiples of
/// `step`. Empty unless the stride is 1.
struct Inside {
  Inside(std::size_t positions, std::size_t stride, std::size_t image, std::size_t kernel,
         std::size_t padding, std::size_t step)
      : first(std::min((padding + step - 1) / step * step, positions)), end(first) {
    if (stride != 1 || image + padding < kernel) return;
    end = std::max(first, std::min(image + padding - kernel + 1, positions) / step * step);
  }
  std::size_t first;
  std::size_t end;
};

template <std::size_t kRows, std::size_t kStep>
void run_filters(const Filters& of) {
  constexpr std::size_t kMost = kStep == 2 ? kWindows : kColumns;
  const ImageShape& image = of.geometry.input.image;
  const Window& window = of.geometry.input.window;
  const Extent2d positions = of.geometry.positions();
  const Inside rows(positions.rows, window.stride.rows, image.rows, window.kernel.rows,
                    window.padding.rows, kRows);
  const Inside columns(positions.columns, window.stride.columns, image.columns,
                       window.kernel.columns, window.padding.columns, kStep);
  for (std::size_t row = 0; row < positions.rows; row += kRows) {
    const bool inside = row >= rows.first && row < rows.end;
    const std::size_t first = inside ? columns.first : positions.columns;
    const std::size_t end = inside ? columns.end : positions.columns;
    for_tiles<kMost>(first / kStep, Tile<kRows, kStep, false>{of, {row, 0}});
    for_tiles<kMost>((end - first) / kStep, Tile<kRows, kStep, true>{of, {row, first}});
    for_tiles<kMost>((positions.columns - end) / kStep, Tile<kRows, kStep, false>{of, {row, end}});
  }
}

void forward(const Conv2dGeometry& geometry, const Conv2dOneSample& arguments) {
  const bool columns_in_lanes = suits_columns(geometry);
  const bool pools = geometry.epilogue.pooling != Pooling::none;
  const std::size_t step = columns_in_lanes ? kLanes : kWidth;
  for (std::size_t filter = 0; filter < geometry.filters; filter += step) {
    const std::size_t group = filter / kLanes * (1 + geometry.weights_per_filter()) * kLanes;
    const Filters of{.geometry = geometry,
                     .input = arguments.input.data(),
                     .packed = arguments.packed.data() + group + filter % kLanes,
                     .output = arguments.output.data() + filter * geometry.output().size(),
                     .count = std::min(step, geometry.filters - filter)};
    if (columns_in_lanes) {
      run_columns(of);
    } else {
      pools ? run_filters<2, 2>(of) : run_filters<1, 1>(of);
    }
  }
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(forward);

std::size_t packed_filters_size(const Conv2dGeometry& geometry) {
  return (geometry.filters + kLanes - 1) / kLanes * (1 + geometry.weights_per_filter()) * kLanes;
}

void pack_filters(const Conv2dGeometry& geometry, std::span<const float> weight,
                  std::span<const float> bias, std::span<float> packed) {
  assert(is_lane_aligned(packed.data()) && packed.size() == packed_filters_size(geometry));
  const std::size_t taps = geometry.weights_per_filter();
  std::fill(packed.begin(), packed.end(), 0.0F);
  for (std::size_t o = 0; o < geometry.filters; ++o) {
    float* const to = packed.data() + o / kLanes * (1 + taps) * kLanes + o % kLanes;
    if (!bias.empty()) to[0] = bias[o];
    for (std::size_t t = 0; t < taps; ++t) to[(1 + t) * kLanes] = weight[o * taps + t];
  }
}

void conv2d_one_sample(const Conv2dGeometry& geometry, const Conv2dOneSample& arguments) {
  assert(arguments.input.size() == geometry.input.image.size());
  assert(arguments.packed.size() == packed_filters_size(geometry));
  assert(arguments.output.size() == geometry.filters * geometry.output().size());
  HWY_DYNAMIC_DISPATCH(forward)(geometry, arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
