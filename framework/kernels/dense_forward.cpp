#include "framework/kernels/dense.hpp"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/dense_forward.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/activation-inl.hpp"
#include "framework/kernels/dense_tiles-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

template <std::size_t kTileVectors>
struct ForwardTile {
  const DenseForward& arguments;
  std::size_t vector;

  template <std::size_t kOutputs>
  HWY_NOINLINE void run(std::size_t output) const {
    V sums[kOutputs][kTileVectors];
    for (std::size_t o = 0; o < kOutputs; ++o) {
      const V first =
          arguments.bias.empty() ? hn::Zero(D()) : hn::Set(D(), arguments.bias[output + o]);
      for (std::size_t v = 0; v < kTileVectors; ++v) sums[o][v] = first;
    }
    const ConstLaneView& input = arguments.input;
    const LaneOffsets<kTileVectors> in(input.block_stride, vector);
    const float* HWY_RESTRICT weight = arguments.weight.data() + output * input.features;
    const float* HWY_RESTRICT x = input.data;
    for (std::size_t i = 0; i < input.features; ++i, ++weight, x += input.feature_stride) {
      V values[kTileVectors];
      for (std::size_t v = 0; v < kTileVectors; ++v) values[v] = hn::Load(D(), x + in.at[v]);
      for (std::size_t o = 0; o < kOutputs; ++o) {
        const V w = hn::Set(D(), weight[o * input.features]);
        for (std::size_t v = 0; v < kTileVectors; ++v) {
          sums[o][v] = fused(w, values[v], sums[o][v]);
        }
      }
    }
    const LaneOffsets<kTileVectors> out(arguments.output.block_stride, vector);
    for (std::size_t o = 0; o < kOutputs; ++o) {
      float* to = arguments.output.data + (output + o) * arguments.output.feature_stride;
      for (std::size_t v = 0; v < kTileVectors; ++v) hn::Store(sums[o][v], D(), to + out.at[v]);
    }
  }
};

void forward(Activation activation, const DenseForward& arguments) {
  const IndexRange outputs = arguments.share.of(arguments.output.features);
  for_lanes<ForwardTile>(arguments, arguments.output.blocks, outputs);
  if (activation == Activation::none) return;
  with_activation(activation, [&]<Activation kActivation>() {
    const LaneView& output = arguments.output;
    for (std::size_t block = 0; block < output.blocks; ++block) {
      for (std::size_t o = outputs.first; o < outputs.last; ++o) {
        float* y = output.at(o, block);
        for (std::size_t l = 0; l < kLanes; l += kWidth) {
          hn::Store(activate<kActivation>(hn::Load(D(), y + l)), D(), y + l);
        }
      }
    }
  });
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(forward);

void dense_forward(Activation activation, const DenseForward& arguments) {
  assert(arguments.input.blocks == arguments.output.blocks);
  assert(arguments.weight.size() == arguments.input.features * arguments.output.features);
  assert(arguments.bias.empty() || arguments.bias.size() == arguments.output.features);
  HWY_DYNAMIC_DISPATCH(forward)(activation, arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
