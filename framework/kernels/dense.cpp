#include "framework/kernels/dense.hpp"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/dense.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// Vectors in a tile; the other side of a tile is features. kManyRegisters holds 24 accumulators.
constexpr std::size_t kVectors = kManyRegisters ? 4 : 2;

template <std::size_t kTileVectors>
constexpr std::size_t kFeatures = kManyRegisters&& kTileVectors <= 2 ? 12 : 6;

/// Floats from the first lane to vector `vector` of the lanes.
std::size_t lane_offset(std::size_t block_stride, std::size_t vector) {
  return vector / kParts * block_stride + vector % kParts * kWidth;
}

/// The lanes' vectors from `vector` on, of any two views.
template <std::size_t kTileVectors>
struct LaneOffsets {
  LaneOffsets(std::size_t block_stride, std::size_t vector) {
    for (std::size_t v = 0; v < kTileVectors; ++v) at[v] = lane_offset(block_stride, vector + v);
  }
  std::size_t at[kTileVectors];
};

template <std::size_t kTileVectors>
struct ForwardTile {
  const DenseForward& arguments;
  std::size_t vector;

  template <std::size_t kOutputs>
  HWY_INLINE void run(std::size_t output) const {
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

template <std::size_t kTileVectors>
struct GradientTile {
  const DenseInputGradient& arguments;
  std::size_t vector;

  template <std::size_t kInputs>
  HWY_INLINE void run(std::size_t input) const {
    V sums[kInputs][kTileVectors];
    for (std::size_t i = 0; i < kInputs; ++i) {
      for (std::size_t v = 0; v < kTileVectors; ++v) sums[i][v] = hn::Zero(D());
    }
    const ConstLaneView& gradient = arguments.output_gradient;
    const LaneView& to = arguments.input_gradient;
    const LaneOffsets<kTileVectors> in(gradient.block_stride, vector);
    const float* HWY_RESTRICT weight = arguments.weight.data() + input;
    const float* HWY_RESTRICT g = gradient.data;
    for (std::size_t o = 0; o < gradient.features; ++o) {
      V values[kTileVectors];
      for (std::size_t v = 0; v < kTileVectors; ++v) values[v] = hn::Load(D(), g + in.at[v]);
      for (std::size_t i = 0; i < kInputs; ++i) {
        const V w = hn::Set(D(), weight[i]);
        for (std::size_t v = 0; v < kTileVectors; ++v) {
          sums[i][v] = fused(w, values[v], sums[i][v]);
        }
      }
      weight += to.features;
      g += gradient.feature_stride;
    }
    const LaneOffsets<kTileVectors> out(to.block_stride, vector);
    for (std::size_t i = 0; i < kInputs; ++i) {
      float* feature = to.data + (input + i) * to.feature_stride;
      for (std::size_t v = 0; v < kTileVectors; ++v) {
        hn::Store(sums[i][v], D(), feature + out.at[v]);
      }
    }
  }
};

/// Runs tiles of Tile<4>, Tile<2> and Tile<1> over all vectors of the lanes and all features.
template <template <std::size_t> class Tile, class Arguments>
void for_lanes(const Arguments& arguments, std::size_t blocks, std::size_t features) {
  const std::size_t vectors = blocks * kParts;
  std::size_t vector = 0;
  if constexpr (kVectors >= 4) {
    for (; vector + 4 <= vectors; vector += 4) {
      for_tiles<kFeatures<4>>(features, Tile<4>{arguments, vector});
    }
  }
  for (; vector + 2 <= vectors; vector += 2) {
    for_tiles<kFeatures<2>>(features, Tile<2>{arguments, vector});
  }
  for (; vector < vectors; ++vector) {
    for_tiles<kFeatures<1>>(features, Tile<1>{arguments, vector});
  }
}

void forward(const DenseForward& arguments) {
  for_lanes<ForwardTile>(arguments, arguments.output.blocks, arguments.output.features);
}

void input_gradient(const DenseInputGradient& arguments) {
  for_lanes<GradientTile>(arguments, arguments.input_gradient.blocks,
                          arguments.input_gradient.features);
}

/// (lanes, inputs padded with +0 to whole groups of 16).
struct TransposedInput {
  const float* data;
  std::size_t row;  // floats from one sample to the next
};

TransposedInput transpose(const ConstLaneView& input, std::span<float> scratch) {
  const std::size_t row = (input.features + kLanes - 1) / kLanes * kLanes;
  for (std::size_t block = 0; block < input.blocks; ++block) {
    float* HWY_RESTRICT samples = scratch.data() + block * kLanes * row;
    for (std::size_t i = 0; i < input.features; ++i) {
      const float* HWY_RESTRICT lanes = input.at(i, block);
      for (std::size_t l = 0; l < kLanes; ++l) samples[l * row + i] = lanes[l];
    }
    for (std::size_t i = input.features; i < row; ++i) {
      for (std::size_t l = 0; l < kLanes; ++l) samples[l * row + i] = 0.0F;
    }
  }
  return {.data = scratch.data(), .row = row};
}

template <std::size_t kTileVectors>
struct WeightTile {
  const DenseParameterGradient& arguments;
  const TransposedInput& input;
  std::size_t vector;  // of the inputs

  template <std::size_t kOutputs>
  HWY_INLINE void run(std::size_t output) const {
    V sums[kOutputs][kTileVectors];
    for (std::size_t o = 0; o < kOutputs; ++o) {
      for (std::size_t v = 0; v < kTileVectors; ++v) sums[o][v] = hn::Zero(D());
    }
    const ConstLaneView& gradient = arguments.output_gradient;
    const float* HWY_RESTRICT x = input.data + vector * kWidth;
    for (std::size_t block = 0; block < gradient.blocks; ++block) {
      const float* HWY_RESTRICT g = gradient.at(output, block);
      for (std::size_t l = 0; l < kLanes; ++l, x += input.row) {
        V values[kTileVectors];
        for (std::size_t v = 0; v < kTileVectors; ++v) {
          values[v] = hn::Load(D(), x + v * kWidth);
        }
        for (std::size_t o = 0; o < kOutputs; ++o) {
          const V factor = hn::Set(D(), g[o * gradient.feature_stride + l]);
          for (std::size_t v = 0; v < kTileVectors; ++v) {
            sums[o][v] = fused(factor, values[v], sums[o][v]);
          }
        }
      }
    }
    for (std::size_t o = 0; o < kOutputs; ++o) {
      for (std::size_t v = 0; v < kTileVectors; ++v) store(sums[o][v], output + o, vector + v);
    }
  }

  HWY_INLINE void store(V sum, std::size_t output, std::size_t of_vector) const {
    const std::size_t inputs = arguments.input.features;
    const std::size_t first = of_vector * kWidth;
    float* to = arguments.weight_gradient.data() + output * inputs + first;
    if (first + kWidth <= inputs) {
      hn::StoreU(sum, D(), to);
    } else if (first < inputs) {
      HWY_ALIGN float last[kWidth];
      hn::Store(sum, D(), last);
      std::copy_n(last, inputs - first, to);
    }
  }
};

void weight_gradient(const DenseParameterGradient& arguments, const TransposedInput& input) {
  const std::size_t outputs = arguments.output_gradient.features;
  const std::size_t vectors = (arguments.input.features + kWidth - 1) / kWidth;
  std::size_t vector = 0;
  for (; vector + kVectors <= vectors; vector += kVectors) {
    for_tiles<6>(outputs, WeightTile<kVectors>{arguments, input, vector});
  }
  for (; vector < vectors; ++vector) {
    for_tiles<6>(outputs, WeightTile<1>{arguments, input, vector});
  }
}

struct BiasTile {
  const DenseParameterGradient& arguments;

  template <std::size_t kOutputs>
  HWY_INLINE void run(std::size_t output) const {
    const ConstLaneView& gradient = arguments.output_gradient;
    float sums[kOutputs] = {};
    for (std::size_t block = 0; block < gradient.blocks; ++block) {
      const float* HWY_RESTRICT g = gradient.at(output, block);
      for (std::size_t l = 0; l < kLanes; ++l) {
        for (std::size_t o = 0; o < kOutputs; ++o) sums[o] += g[o * gradient.feature_stride + l];
      }
    }
    std::copy_n(sums, kOutputs, arguments.bias_gradient.data() + output);
  }
};

void parameter_gradient(const DenseParameterGradient& arguments) {
  weight_gradient(arguments, transpose(arguments.input, arguments.scratch));
  if (arguments.bias_gradient.empty()) return;
  for_tiles<12>(arguments.output_gradient.features, BiasTile{arguments});
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(forward);
HWY_EXPORT(input_gradient);
HWY_EXPORT(parameter_gradient);

void dense_forward(const DenseForward& arguments) {
  assert(arguments.input.blocks == arguments.output.blocks);
  assert(arguments.weight.size() == arguments.input.features * arguments.output.features);
  assert(arguments.bias.empty() || arguments.bias.size() == arguments.output.features);
  HWY_DYNAMIC_DISPATCH(forward)(arguments);
}

void dense_input_gradient(const DenseInputGradient& arguments) {
  assert(arguments.input_gradient.blocks == arguments.output_gradient.blocks);
  assert(arguments.weight.size() ==
         arguments.input_gradient.features * arguments.output_gradient.features);
  HWY_DYNAMIC_DISPATCH(input_gradient)(arguments);
}

void dense_parameter_gradient(const DenseParameterGradient& arguments) {
  assert(arguments.input.blocks == arguments.output_gradient.blocks);
  assert(arguments.weight_gradient.size() ==
         arguments.input.features * arguments.output_gradient.features);
  assert(arguments.bias_gradient.empty() ||
         arguments.bias_gradient.size() == arguments.output_gradient.features);
  assert(arguments.scratch.size() >=
         dense_scratch(arguments.input.features, arguments.input.lanes()));
  HWY_DYNAMIC_DISPATCH(parameter_gradient)(arguments);
}

std::size_t dense_scratch(std::size_t inputs, std::size_t lanes) {
  return (inputs + kLanes - 1) / kLanes * kLanes * lanes;
}

}  // namespace lockstep

#endif  // HWY_ONCE
