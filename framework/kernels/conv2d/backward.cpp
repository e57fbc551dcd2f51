#include <algorithm>
#include <cassert>

#include "framework/kernels/conv2d/conv2d.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/conv2d/backward.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next ones need to come after.
#include <hwy/highway.h>

#include "framework/kernels/activation-inl.hpp"
#include "framework/kernels/conv2d/input_gradient-inl.hpp"
#include "framework/kernels/conv2d/parameter_gradient-inl.hpp"
#include "framework/kernels/conv2d/pooling_masks-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// Takes the gradient of some rows back through the epilogue, without the columns that pooling
/// leaves out.
struct EpilogueBackward {
  const Conv2dGeometry& geometry;
  const Conv2dBackward& arguments;
  std::size_t block;
  IndexRange filters;
  GradientRows rows;
  float* gradient;  // of the first of the filters

  void run() const {
    with_activation(geometry.epilogue.activation, [&]<Activation kActivation>() {
      switch (geometry.epilogue.pooling) {
        case Pooling::none:
          return without_pooling<kActivation>();
        case Pooling::average:
          return through_windows([&](V /*y*/, V g, const ReadWindow& at, V(&before)[kTaps]) {
            average_window_gradient<kActivation>(g, at, before);
          });
        case Pooling::maximum:
          return through_windows([&](V y, V g, const ReadWindow& at, V(&before)[kTaps]) {
            maximum_window_gradient<kActivation>(y, g, at, before);
          });
      }
    });
  }

  template <Activation kActivation>
  HWY_INLINE void without_pooling() const {
    const Extent2d positions = geometry.positions();
    float* to = gradient;
    for (std::size_t o = filters.first; o < filters.last; ++o) {
      const std::size_t first = (o * positions.rows + rows.first) * positions.columns;
      for (std::size_t i = 0; i < rows.rows * positions.columns; ++i, to += kLanes) {
        const float* y = arguments.output.at(first + i, block);
        const float* g = arguments.output_gradient.at(first + i, block);
        for (std::size_t l = 0; l < kLanes; l += kWidth) {
          const V before =
              activation_gradient<kActivation>(hn::Load(D(), y + l), hn::Load(D(), g + l));
          hn::Store(before, D(), to + l);
        }
      }
    }
  }

  template <class WindowGradient>
  HWY_INLINE void through_windows(const WindowGradient& window_gradient) const {
    const Extent2d pooled = geometry.output();
    const std::size_t columns = 2 * pooled.columns;
    // Copies: for all the compiler knows, the stores below might change what `arguments` refers to.
    const ConstLaneView output = arguments.output;
    const ConstLaneView output_gradient = arguments.output_gradient;
    const float* const saved = arguments.saved.data();
    float* to = gradient;
    for (std::size_t o = filters.first; o < filters.last; ++o) {
      for (std::size_t row = 0; row < rows.rows / 2; ++row, to += columns * kLanes) {
        std::size_t feature = (o * pooled.rows + rows.first / 2 + row) * pooled.columns;
        for (std::size_t x = 0; x < pooled.columns; ++x, ++feature, to += 2 * kLanes) {
          for (std::size_t part = 0; part < kParts; ++part) {
            const std::size_t lane = part * kWidth;
            const ReadWindow at{
                .saved = saved, .window = block * output.features + feature, .part = part};
            V before[kTaps];
            window_gradient(hn::Load(D(), output.at(feature, block) + lane),
                            hn::Load(D(), output_gradient.at(feature, block) + lane), at, before);
            hn::Store(before[0], D(), to + lane);
            hn::Store(before[1], D(), to + kLanes + lane);
            hn::Store(before[2], D(), to + columns * kLanes + lane);
            hn::Store(before[3], D(), to + (columns + 1) * kLanes + lane);
          }
        }
      }
    }
  }
};

/// The accumulators and the rows of gradients in the scratch memory.
struct Scratch {
  Scratch(const Conv2dGeometry& geometry, std::span<float> memory)
      : weights(memory.data()),
        biases(weights + geometry.weights() * kLanes),
        gradient(biases + geometry.filters * kLanes) {}
  float* weights;
  float* biases;
  float* gradient;
};

/// Number of rows whose gradients are computed at a time. All rows, if the input's gradient reads
/// them again, or if the weights have so many sums that each pass would move them from the second
/// cache and back. Otherwise as many as stay in the first cache until the weights' gradient has
/// read them.
std::size_t rows_at_a_time(const Conv2dGeometry& geometry, bool input_gradient) {
  constexpr std::size_t kFloats = 10240;  // 40 KiB
  const Extent2d positions = geometry.positions();
  const bool many_sums = geometry.weights() * kLanes > kFloats;
  if (input_gradient || many_sums || positions.rows == 0) return positions.rows;
  const std::size_t fitting = kFloats / (geometry.filters * positions.columns * kLanes);
  return std::clamp<std::size_t>(fitting / 2 * 2, 2, positions.rows);
}

/// What one call computes for a block: gradients of weights and biases, and rows of the input's.
struct Part {
  std::size_t block;
  IndexRange filters;
  IndexRange input_rows;
};

void backward_block(const Conv2dGeometry& geometry, const Conv2dBackward& arguments,
                    const Scratch& scratch, const Part& part) {
  const Extent2d positions = geometry.positions();
  const bool wants_input = !part.input_rows.empty();
  const bool in_place = geometry.epilogue.activation == Activation::none &&
                        geometry.epilogue.pooling == Pooling::none &&
                        arguments.output_gradient.feature_stride == kLanes;
  const std::size_t at_a_time = in_place ? positions.rows : rows_at_a_time(geometry, wants_input);
  // The input's gradient reads the gradients of all filters.
  const IndexRange filters = wants_input ? IndexRange{0, geometry.filters} : part.filters;
  GradientRows gradient{
      .data = in_place ? arguments.output_gradient.at(0, part.block) : scratch.gradient,
      .columns = positions.columns};
  for (std::size_t row = 0; row < positions.rows; row += at_a_time) {
    gradient.first = row;
    gradient.rows = std::min(at_a_time, positions.rows - row);
    if (!in_place) {
      float* const to = scratch.gradient + (gradient.at(filters.first, 0) - gradient.data);
      EpilogueBackward{geometry, arguments, part.block, filters, gradient, to}.run();
    }
    add_parameter_gradients({.geometry = geometry,
                             .input = arguments.input.at(0, part.block),
                             .gradient = gradient,
                             .weights = scratch.weights,
                             .biases = arguments.bias_gradient.empty() ? nullptr : scratch.biases,
                             .fresh = part.block == 0 && row == 0,
                             .filters = part.filters});
  }
  if (!wants_input) return;
  for (std::size_t half = 0; half < kParts; ++half) {
    const InputGradient at{.geometry = geometry,
                           .gradient = gradient,
                           .weight = arguments.weight,
                           .output = arguments.input_gradient.at(0, part.block),
                           .part = half};
    for (std::size_t row = part.input_rows.first; row < part.input_rows.last; ++row) {
      input_gradient_row(at, row);
    }
  }
}

void backward(const Conv2dGeometry& geometry, const Conv2dBackward& arguments) {
  const Scratch scratch(geometry, arguments.scratch);
  const std::size_t blocks = arguments.input.blocks;
  const std::size_t rows = arguments.input_gradient ? geometry.input.image.rows : 0;
  const IndexRange filters = arguments.share.of(geometry.filters);
  const IndexRange input_rows = arguments.share.of(blocks * rows);
  for (std::size_t block = 0; block < blocks; ++block) {
    const auto in_block = [&](std::size_t row) {
      return std::clamp(row, block * rows, (block + 1) * rows) - block * rows;
    };
    backward_block(geometry, arguments, scratch,
                   {block, filters, {in_block(input_rows.first), in_block(input_rows.last)}});
  }
  const std::size_t of_filter = geometry.weights_per_filter();
  fold_lanes(
      scratch.weights + filters.first * of_filter * kLanes,
      arguments.weight_gradient.subspan(filters.first * of_filter, filters.size() * of_filter));
  if (arguments.bias_gradient.empty()) return;
  fold_lanes(scratch.biases + filters.first * kLanes,
             arguments.bias_gradient.subspan(filters.first, filters.size()));
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(backward);

Conv2dMemory conv2d_memory(const Conv2dGeometry& geometry, std::size_t blocks) {
  const auto [activation, pooling] = geometry.epilogue;
  const std::size_t windows = blocks * geometry.filters * geometry.output().size();
  Conv2dMemory memory;
  if (pooling == Pooling::maximum || activation == Activation::relu) {
    memory.saved = windows * 2;  // four masks of 16 bits
  } else if (activation != Activation::none) {
    memory.saved = windows * 4 * kLanes;
  }
  if (pooling == Pooling::none) memory.saved = 0;
  const std::size_t gradients = geometry.filters * geometry.positions().size();
  memory.scratch = (geometry.weights() + geometry.filters + gradients) * kLanes;
  return memory;
}

void conv2d_backward(const Conv2dGeometry& geometry, const Conv2dBackward& arguments) {
  assert(arguments.input.features == geometry.input.image.size());
  assert(arguments.output_gradient.features == geometry.filters * geometry.output().size());
  assert(arguments.input.blocks == arguments.output_gradient.blocks);
  assert(arguments.weight.size() == geometry.weights());
  assert(arguments.weight_gradient.size() == geometry.weights());
  assert(arguments.bias_gradient.empty() || arguments.bias_gradient.size() == geometry.filters);
  assert(!arguments.input_gradient ||
         arguments.input_gradient.features == geometry.input.image.size());
  assert(is_blocked(arguments.input) && is_blocked(arguments.input_gradient));
  assert(arguments.scratch.size() >= conv2d_memory(geometry, arguments.input.blocks).scratch);
  HWY_DYNAMIC_DISPATCH(backward)(geometry, arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
