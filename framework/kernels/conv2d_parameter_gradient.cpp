#include <algorithm>
#include <cassert>

#include "framework/kernels/conv2d.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/conv2d_parameter_gradient.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// Kernel columns and filters whose weights are summed side by side.
constexpr std::size_t kWideTaps = 5;
constexpr std::size_t kTapFilters = kManyRegisters ? 4 : 2;

/// The sums of weights (o, channel, kernel_row, .) over one block and one part of its lanes.
struct WeightRow {
  const Conv2dGeometry& geometry;
  const Conv2dParameterGradient& arguments;
  Extent2d count;  // of outputs
  std::size_t block;
  std::size_t part;
  std::size_t channel;
  std::size_t kernel_row;
};

template <std::size_t kTaps>
struct WeightTile {
  const WeightRow& at;
  std::size_t kernel_column;

  template <std::size_t kFilters>
  HWY_INLINE void run(std::size_t filter) const {
    V sums[kFilters][kTaps];
    for (std::size_t f = 0; f < kFilters; ++f) {
      for (std::size_t t = 0; t < kTaps; ++t) {
        sums[f][t] = at.block == 0 ? hn::Zero(D()) : hn::Load(D(), sum_of(filter + f, t));
      }
    }
    const auto& [image, window] = at.geometry.input;
    for (std::size_t oy = 0; oy < at.count.rows; ++oy) {
      const Offset y =
          signed_size(oy * window.stride.rows + at.kernel_row) - signed_size(window.padding.rows);
      if (is_inside(y, image.rows)) add_row(sums, filter, oy, y);
    }
    for (std::size_t f = 0; f < kFilters; ++f) {
      for (std::size_t t = 0; t < kTaps; ++t) hn::Store(sums[f][t], D(), sum_of(filter + f, t));
    }
  }

  /// The accumulator in the scratch memory.
  HWY_INLINE float* sum_of(std::size_t filter, std::size_t tap) const {
    const auto& [image, window] = at.geometry.input;
    const std::size_t weight =
        ((filter * image.channels + at.channel) * window.kernel.rows + at.kernel_row) *
            window.kernel.columns +
        kernel_column + tap;
    return at.arguments.scratch.data() + weight * kLanes + at.part * kWidth;
  }

  /// All outputs of row oy, whose taps lie in row y of the image.
  template <std::size_t kFilters>
  HWY_INLINE void add_row(V (&sums)[kFilters][kTaps], std::size_t filter, std::size_t oy,
                          Offset y) const {
    const auto& [image, window] = at.geometry.input;
    const ConstLaneView& gradient = at.arguments.output_gradient;
    const ConstLaneView& input = at.arguments.input;
    const std::size_t row = (filter * at.count.rows + oy) * at.count.columns;
    const Offset line = (signed_size(at.channel * image.rows) + y) * signed_size(image.columns);
    const Offset left = signed_size(kernel_column) - signed_size(window.padding.columns);
    Pixel pixel{.g = gradient.at(row, at.block) + at.part * kWidth,
                .g_filter = at.count.size() * gradient.feature_stride,
                .x = input.at(0, at.block) + at.part * kWidth +
                     (line + left) * signed_size(input.feature_stride),
                .x_stride = input.feature_stride,
                .column = left};
    const Inside inside = columns_inside();
    for (std::size_t column = 0; column < at.count.columns; ++column) {
      if (column >= inside.begin && column < inside.end) {
        add_pixel<false>(sums, pixel);
      } else {
        add_pixel<true>(sums, pixel);
      }
      pixel.g += gradient.feature_stride;
      pixel.x += window.stride.columns * input.feature_stride;
      pixel.column += signed_size(window.stride.columns);
    }
  }

  /// Outputs [begin, end) whose taps are all inside the image.
  struct Inside {
    std::size_t begin;
    std::size_t end;
  };

  HWY_INLINE Inside columns_inside() const {
    const auto& [image, window] = at.geometry.input;
    const std::size_t step = window.stride.columns;
    const std::size_t padding = window.padding.columns;
    const std::size_t before = padding > kernel_column ? padding - kernel_column : 0;
    const std::size_t size = image.columns + padding + 1;
    const std::size_t reach = kernel_column + kTaps;
    const std::size_t end = size > reach ? (size - reach + step - 1) / step : 0;
    return {.begin = (before + step - 1) / step, .end = end};
  }

  /// One output: where its gradient and the pixel under the tile's first tap are.
  struct Pixel {
    const float* g;
    std::size_t g_filter;  // floats from one filter to the next
    const float* x;
    std::size_t x_stride;  // floats from one pixel to the next
    Offset column;         // of the pixel, outside the image perhaps
  };

  template <bool kChecked, std::size_t kFilters>
  HWY_INLINE void add_pixel(V (&sums)[kFilters][kTaps], const Pixel& pixel) const {
    V of_filter[kFilters];
    for (std::size_t f = 0; f < kFilters; ++f) {
      of_filter[f] = hn::Load(D(), pixel.g + f * pixel.g_filter);
    }
    for (std::size_t t = 0; t < kTaps; ++t) {
      if (!kChecked || is_inside(pixel.column + signed_size(t), at.geometry.input.image.columns)) {
        const V in = hn::Load(D(), pixel.x + t * pixel.x_stride);
        for (std::size_t f = 0; f < kFilters; ++f) {
          sums[f][t] = fused(of_filter[f], in, sums[f][t]);
        }
      }
    }
  }
};

void weight_row(const WeightRow& at) {
  const std::size_t columns = at.geometry.input.window.kernel.columns;
  const std::size_t filters = at.geometry.filters;
  std::size_t column = 0;
  for (; column + kWideTaps <= columns; column += kWideTaps) {
    for_tiles<kTapFilters>(filters, WeightTile<kWideTaps>{at, column});
  }
  for (; column + 3 <= columns; column += 3) {
    for_tiles<kTapFilters>(filters, WeightTile<3>{at, column});
  }
  for (; column < columns; ++column) for_tiles<kTapFilters>(filters, WeightTile<1>{at, column});
}

void weight_sums(const Conv2dGeometry& geometry, const Conv2dParameterGradient& arguments) {
  const Extent2d count = geometry.input.output();
  for (std::size_t block = 0; block < arguments.input.blocks; ++block) {
    for (std::size_t part = 0; part < kParts; ++part) {
      for (std::size_t c = 0; c < geometry.input.image.channels; ++c) {
        for (std::size_t ky = 0; ky < geometry.input.window.kernel.rows; ++ky) {
          weight_row({.geometry = geometry,
                      .arguments = arguments,
                      .count = count,
                      .block = block,
                      .part = part,
                      .channel = c,
                      .kernel_row = ky});
        }
      }
    }
  }
}

struct BiasTile {
  const Conv2dParameterGradient& arguments;
  std::size_t positions;  // of the output image

  template <std::size_t kFilters>
  HWY_INLINE void run(std::size_t filter) const {
    HWY_ALIGN float lanes[kFilters][kLanes];
    for (std::size_t part = 0; part < kParts; ++part) {
      V sums[kFilters];
      for (std::size_t f = 0; f < kFilters; ++f) sums[f] = hn::Zero(D());
      for (std::size_t block = 0; block < arguments.output_gradient.blocks; ++block) {
        for (std::size_t position = 0; position < positions; ++position) {
          for (std::size_t f = 0; f < kFilters; ++f) {
            const float* g =
                arguments.output_gradient.at((filter + f) * positions + position, block);
            sums[f] = hn::Add(sums[f], hn::Load(D(), g + part * kWidth));
          }
        }
      }
      for (std::size_t f = 0; f < kFilters; ++f) {
        hn::Store(sums[f], D(), lanes[f] + part * kWidth);
      }
    }
    for (std::size_t f = 0; f < kFilters; ++f) {
      arguments.bias_gradient[filter + f] = fold_lanes(lanes[f]);
    }
  }
};

void parameter_gradient(const Conv2dGeometry& geometry, const Conv2dParameterGradient& arguments) {
  weight_sums(geometry, arguments);
  for (std::size_t weight = 0; weight < geometry.weights(); ++weight) {
    arguments.weight_gradient[weight] = fold_lanes(arguments.scratch.data() + weight * kLanes);
  }
  if (arguments.bias_gradient.empty()) return;
  for_tiles<6>(geometry.filters, BiasTile{arguments, geometry.input.output().size()});
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(parameter_gradient);

void conv2d_parameter_gradient(const Conv2dGeometry& geometry,
                               const Conv2dParameterGradient& arguments) {
  assert(arguments.input.features == geometry.input.image.size());
  assert(arguments.output_gradient.features == geometry.filters * geometry.input.output().size());
  assert(arguments.input.blocks == arguments.output_gradient.blocks);
  assert(arguments.weight_gradient.size() == geometry.weights());
  assert(arguments.bias_gradient.empty() || arguments.bias_gradient.size() == geometry.filters);
  assert(arguments.scratch.size() >= conv2d_scratch(geometry));
  HWY_DYNAMIC_DISPATCH(parameter_gradient)(geometry, arguments);
}

std::size_t conv2d_scratch(const Conv2dGeometry& geometry) { return geometry.weights() * kLanes; }

}  // namespace lockstep

#endif  // HWY_ONCE
