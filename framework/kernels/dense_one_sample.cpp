#include "framework/kernels/dense_one_sample.hpp"

#include <algorithm>
#include <cassert>

#include "framework/core/lane_view.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/dense_one_sample.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next ones need to come after.
#include <hwy/highway.h>

#include "framework/kernels/activation-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// Sums computed at the same time: as many as hide the latency of a fused multiply-add.
constexpr std::size_t kVectors = 8;

/// Activates `count` vectors.
void activate_all(Activation activation, std::size_t count, float* values) {
  with_activation(activation, [&]<Activation kActivation>() {
    for (float* y = values; y < values + count * kWidth; y += kWidth) {
      hn::Store(activate<kActivation>(hn::Load(D(), y)), D(), y);
    }
  });
}

struct Tile {
  const DenseOneSample& arguments;
  Activation activation;
  std::size_t row;  // floats from one row of the weights to the next

  template <std::size_t kTileVectors>
  HWY_NOINLINE void run(std::size_t vector) const {
    const float* HWY_RESTRICT weight = arguments.packed.data() + vector * kWidth;
    V sums[kTileVectors];
    unroll<0, kTileVectors>(
        [&](auto v) LOCKSTEP_INLINE_LAMBDA { sums[v] = hn::Load(D(), weight + v * kWidth); });
    for (const float x : arguments.input) {
      weight += row;
      const V value = hn::Set(D(), x);
      unroll<0, kTileVectors>([&](auto v) LOCKSTEP_INLINE_LAMBDA {
        sums[v] = fused(hn::Load(D(), weight + v * kWidth), value, sums[v]);
      });
    }
    HWY_ALIGN float outputs[kTileVectors * kWidth];
    unroll<0, kTileVectors>(
        [&](auto v) LOCKSTEP_INLINE_LAMBDA { hn::Store(sums[v], D(), outputs + v * kWidth); });
    if (activation != Activation::none) activate_all(activation, kTileVectors, outputs);
    const std::size_t first = vector * kWidth;
    std::copy_n(outputs, std::min(kTileVectors * kWidth, arguments.output.size() - first),
                arguments.output.data() + first);
  }
};

void forward(Activation activation, const DenseOneSample& arguments) {
  const std::size_t outputs = arguments.output.size();
  const std::size_t row = (outputs + kLanes - 1) / kLanes * kLanes;
  for_tiles<kVectors>((outputs + kWidth - 1) / kWidth, Tile{arguments, activation, row});
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(forward);

std::size_t packed_dense_size(std::size_t inputs, std::size_t outputs) {
  return (1 + inputs) * ((outputs + kLanes - 1) / kLanes * kLanes);
}

void pack_dense(std::span<const float> weight, std::span<const float> bias, std::size_t outputs,
                std::span<float> packed) {
  const std::size_t inputs = weight.size() / outputs;
  assert(is_lane_aligned(packed.data()) && packed.size() == packed_dense_size(inputs, outputs));
  const std::size_t row = packed.size() / (1 + inputs);
  std::fill(packed.begin(), packed.end(), 0.0F);
  std::copy(bias.begin(), bias.end(), packed.begin());
  for (std::size_t i = 0; i < inputs; ++i) {
    float* const to = packed.data() + (1 + i) * row;
    for (std::size_t o = 0; o < outputs; ++o) to[o] = weight[o * inputs + i];
  }
}

void dense_one_sample(Activation activation, const DenseOneSample& arguments) {
  assert(arguments.packed.size() ==
         packed_dense_size(arguments.input.size(), arguments.output.size()));
  HWY_DYNAMIC_DISPATCH(forward)(activation, arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
