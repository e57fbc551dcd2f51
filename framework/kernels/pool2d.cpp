#include "framework/kernels/pool2d.hpp"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/pool2d.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// The taps [first, end) of a window that lie inside an axis of the image, and where tap 0 lies.
struct Taps {
  Taps(std::size_t image, std::size_t kernel, std::size_t padding, std::size_t start)
      : first(padding > start ? padding - start : 0),
        end(std::min(kernel, image + padding - start)),
        base(start + first - padding) {}
  std::size_t first;
  std::size_t end;
  std::size_t base;  // position of tap `first` in the image
};

/// One window: its place in both images and its taps.
struct Place {
  std::size_t output;  // feature
  std::size_t input;   // feature of the first tap inside
  std::size_t image_columns;
  std::size_t kernel_columns;
  Taps rows;
  Taps columns;

  /// Calls visit(feature of the input, number of the tap) in (ky, kx) order.
  template <class Visitor>
  HWY_INLINE void for_taps(Visitor& visit) const {
    for (std::size_t ky = rows.first; ky < rows.end; ++ky) {
      const std::size_t line = input + (ky - rows.first) * image_columns;
      for (std::size_t kx = columns.first; kx < columns.end; ++kx) {
        visit(line + kx - columns.first, ky * kernel_columns + kx);
      }
    }
  }
};

/// Calls operation(place, block) for all windows in order: block, channel, oy, ox.
template <class Operation>
HWY_INLINE void for_windows(const WindowedImage& geometry, std::size_t blocks,
                            const Operation& operation) {
  const auto& [image, window] = geometry;
  const Extent2d count = geometry.output();
  for (std::size_t block = 0; block < blocks; ++block) {
    std::size_t output = 0;
    for (std::size_t c = 0; c < image.channels; ++c) {
      for (std::size_t oy = 0; oy < count.rows; ++oy) {
        const Taps rows(image.rows, window.kernel.rows, window.padding.rows,
                        oy * window.stride.rows);
        for (std::size_t ox = 0; ox < count.columns; ++ox, ++output) {
          const Taps columns(image.columns, window.kernel.columns, window.padding.columns,
                             ox * window.stride.columns);
          const std::size_t input = (c * image.rows + rows.base) * image.columns + columns.base;
          operation(Place{output, input, image.columns, window.kernel.columns, rows, columns},
                    block);
        }
      }
    }
  }
}

void fill_zero(const LaneView& view) {
  for (std::size_t block = 0; block < view.blocks; ++block) {
    for (std::size_t feature = 0; feature < view.features; ++feature) {
      std::fill_n(view.at(feature, block), kLanes, 0.0F);
    }
  }
}

struct AverageForward {
  const PoolForward& arguments;
  float factor;

  struct Sum {
    const ConstLaneView& input;
    std::size_t block;
    bool started = false;
    V parts[kParts];

    HWY_INLINE void operator()(std::size_t feature, std::size_t /*tap*/) {
      const float* x = input.at(feature, block);
      for (std::size_t r = 0; r < kParts; ++r) {
        const V value = hn::Load(D(), x + r * kWidth);
        parts[r] = started ? hn::Add(parts[r], value) : value;
      }
      started = true;
    }
  };

  HWY_INLINE void operator()(const Place& place, std::size_t block) const {
    Sum sum{.input = arguments.input, .block = block, .parts = {}};
    place.for_taps(sum);
    float* to = arguments.output.at(place.output, block);
    for (std::size_t r = 0; r < kParts; ++r) {
      hn::Store(hn::Mul(sum.parts[r], hn::Set(D(), factor)), D(), to + r * kWidth);
    }
  }
};

struct AverageBackward {
  const PoolBackward& arguments;
  float factor;

  struct Share {
    const LaneView& input_gradient;
    const float* g;
    std::size_t block;
    float factor;

    HWY_INLINE void operator()(std::size_t feature, std::size_t /*tap*/) {
      float* sum = input_gradient.at(feature, block);
      for (std::size_t r = 0; r < kWidth * kParts; r += kWidth) {
        const V added = fused(hn::Load(D(), g + r), hn::Set(D(), factor), hn::Load(D(), sum + r));
        hn::Store(added, D(), sum + r);
      }
    }
  };

  HWY_INLINE void operator()(const Place& place, std::size_t block) const {
    Share share{.input_gradient = arguments.input_gradient,
                .g = arguments.output_gradient.at(place.output, block),
                .block = block,
                .factor = factor};
    place.for_taps(share);
  }
};

struct MaxForward {
  const PoolForward& arguments;
  const LaneView& winners;

  struct Best {
    const ConstLaneView& input;
    std::size_t block;
    bool started = false;
    V values[kParts];
    V taps[kParts];

    HWY_INLINE void operator()(std::size_t feature, std::size_t tap) {
      const float* from = input.at(feature, block);
      const V number = hn::Set(D(), static_cast<float>(tap));
      for (std::size_t r = 0; r < kParts; ++r) {
        const V x = hn::Load(D(), from + r * kWidth);
        const V& best = values[r];
        const auto first_nan = hn::AndNot(hn::Eq(x, x), hn::Eq(best, best));
        const auto better = hn::Or(hn::Gt(x, best), first_nan);
        taps[r] = started ? hn::IfThenElse(better, number, taps[r]) : number;
        values[r] = started ? hn::IfThenElse(better, x, best) : x;
      }
      started = true;
    }
  };

  HWY_INLINE void operator()(const Place& place, std::size_t block) const {
    Best best{.input = arguments.input, .block = block, .values = {}, .taps = {}};
    place.for_taps(best);
    float* value = arguments.output.at(place.output, block);
    for (std::size_t r = 0; r < kParts; ++r) hn::Store(best.values[r], D(), value + r * kWidth);
    if (!winners) return;
    float* winner = winners.at(place.output, block);
    for (std::size_t r = 0; r < kParts; ++r) hn::Store(best.taps[r], D(), winner + r * kWidth);
  }
};

struct MaxBackward {
  const PoolBackward& arguments;
  const ConstLaneView& winners;

  struct Route {
    const LaneView& input_gradient;
    const float* g;
    const float* winner;
    std::size_t block;

    HWY_INLINE void operator()(std::size_t feature, std::size_t tap) {
      float* sum = input_gradient.at(feature, block);
      const V number = hn::Set(D(), static_cast<float>(tap));
      for (std::size_t r = 0; r < kWidth * kParts; r += kWidth) {
        const auto won = hn::Eq(hn::Load(D(), winner + r), number);
        const V routed = hn::IfThenElseZero(won, hn::Load(D(), g + r));
        hn::Store(hn::Add(hn::Load(D(), sum + r), routed), D(), sum + r);
      }
    }
  };

  HWY_INLINE void operator()(const Place& place, std::size_t block) const {
    Route route{.input_gradient = arguments.input_gradient,
                .g = arguments.output_gradient.at(place.output, block),
                .winner = winners.at(place.output, block),
                .block = block};
    place.for_taps(route);
  }
};

void average_forward(const WindowedImage& geometry, const PoolForward& arguments) {
  for_windows(geometry, arguments.input.blocks,
              AverageForward{arguments, average_factor(geometry.window)});
}

void average_backward(const WindowedImage& geometry, const PoolBackward& arguments) {
  fill_zero(arguments.input_gradient);
  for_windows(geometry, arguments.input_gradient.blocks,
              AverageBackward{arguments, average_factor(geometry.window)});
}

void max_forward(const WindowedImage& geometry, const PoolForward& arguments,
                 const LaneView& winners) {
  for_windows(geometry, arguments.input.blocks, MaxForward{arguments, winners});
}

void max_backward(const WindowedImage& geometry, const PoolBackward& arguments,
                  const ConstLaneView& winners) {
  fill_zero(arguments.input_gradient);
  for_windows(geometry, arguments.input_gradient.blocks, MaxBackward{arguments, winners});
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {
namespace {

[[maybe_unused]] bool suits(const WindowedImage& geometry, std::size_t input_features,
                            std::size_t output_features) {
  const Window& window = geometry.window;
  return window.padding.rows * 2 <= window.kernel.rows &&
         window.padding.columns * 2 <= window.kernel.columns &&
         input_features == geometry.image.size() &&
         output_features == geometry.image.channels * geometry.output().size();
}

}  // namespace

HWY_EXPORT(average_forward);
HWY_EXPORT(average_backward);
HWY_EXPORT(max_forward);
HWY_EXPORT(max_backward);

float average_factor(const Window& window) {
  return static_cast<float>(1.0 / static_cast<double>(window.kernel.size()));
}

void average_pool2d_forward(const WindowedImage& geometry, const PoolForward& arguments) {
  assert(suits(geometry, arguments.input.features, arguments.output.features));
  HWY_DYNAMIC_DISPATCH(average_forward)(geometry, arguments);
}

void average_pool2d_backward(const WindowedImage& geometry, const PoolBackward& arguments) {
  assert(suits(geometry, arguments.input_gradient.features, arguments.output_gradient.features));
  HWY_DYNAMIC_DISPATCH(average_backward)(geometry, arguments);
}

void max_pool2d_forward(const WindowedImage& geometry, const PoolForward& arguments,
                        LaneView winners) {
  assert(suits(geometry, arguments.input.features, arguments.output.features));
  assert(!winners || winners.features == arguments.output.features);
  HWY_DYNAMIC_DISPATCH(max_forward)(geometry, arguments, winners);
}

void max_pool2d_backward(const WindowedImage& geometry, const PoolBackward& arguments,
                         ConstLaneView winners) {
  assert(suits(geometry, arguments.input_gradient.features, arguments.output_gradient.features));
  assert(winners.features == arguments.output_gradient.features);
  HWY_DYNAMIC_DISPATCH(max_backward)(geometry, arguments, winners);
}

}  // namespace lockstep

#endif  // HWY_ONCE
