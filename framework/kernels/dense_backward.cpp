#include "framework/kernels/dense.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/dense_backward.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/activation-inl.hpp"
#include "framework/kernels/dense_tiles-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// The input's gradient, from the gradient before the activation.
struct InputGradient {
  const ConstLaneView& gradient;
  std::span<const float> weight;
  const LaneView& to;
};

template <std::size_t kTileVectors>
struct GradientTile {
  const InputGradient& arguments;
  std::size_t vector;

  template <std::size_t kInputs>
  HWY_NOINLINE void run(std::size_t input) const {
    V sums[kInputs][kTileVectors];
    for (std::size_t i = 0; i < kInputs; ++i) {
      for (std::size_t v = 0; v < kTileVectors; ++v) sums[i][v] = hn::Zero(D());
    }
    const ConstLaneView& gradient = arguments.gradient;
    const LaneView& to = arguments.to;
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

/// The gradient before the activation, in separate memory unless there is no activation.
ConstLaneView before_activation(Activation activation, const DenseBackward& arguments,
                                float* memory) {
  const ConstLaneView& output = arguments.output;
  const ConstLaneView& after = arguments.output_gradient;
  if (activation == Activation::none) return after;
  const LaneView before = whole_view(memory, after.features, after.blocks);
  with_activation(activation, [&]<Activation kActivation>() {
    for (std::size_t o = 0; o < after.features; ++o) {
      for (std::size_t block = 0; block < after.blocks; ++block) {
        const float* y = output.at(o, block);
        const float* g = after.at(o, block);
        for (std::size_t l = 0; l < kLanes; l += kWidth) {
          hn::Store(activation_gradient<kActivation>(hn::Load(D(), y + l), hn::Load(D(), g + l)),
                    D(), before.at(o, block) + l);
        }
      }
    }
  });
  return before;
}

/// The input with samples outermost, in panels of up to kPanel inputs: (panel, lanes, inputs of the
/// panel), padded with +0 to whole groups of 16 inputs. A tile reads its panel from end to end.
class Panels {
 public:
  static constexpr std::size_t kPanel = 64;

  Panels(const ConstLaneView& input, float* memory)
      : data_(memory), padded_(padded(input.features)), lanes_(input.lanes()) {
    for (std::size_t i = 0; i < padded_; i += kLanes) {
      for (std::size_t block = 0; block < input.blocks; ++block) fill(input, i, block);
    }
  }

  static std::size_t padded(std::size_t inputs) { return (inputs + kLanes - 1) / kLanes * kLanes; }

  /// Floats from one lane to the next in the panel that holds an input.
  std::size_t stride(std::size_t input) const {
    return std::min(kPanel, padded_ - input / kPanel * kPanel);
  }

  /// Lane 0 of an input.
  float* at(std::size_t input) const {
    return data_ + input / kPanel * kPanel * lanes_ + input % kPanel;
  }

 private:
  /// Copies 16 inputs from `first` on, for 16 lanes.
  void fill(const ConstLaneView& input, std::size_t first, std::size_t block) const {
    constexpr float kNothing[kLanes] = {};
    const float* rows[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i) {
      rows[i] = first + i < input.features ? input.at(first + i, block) : kNothing;
    }
    const std::size_t row = stride(first);
    float* const to = at(first) + block * kLanes * row;
    for (std::size_t l = 0; l < kLanes; l += 4) {
      for (std::size_t i = 0; i < kLanes; i += 4) {
        Quad quads[4];
        for (std::size_t r = 0; r < 4; ++r) quads[r] = load_quad(rows[i + r] + l);
        transpose(quads);
        for (std::size_t r = 0; r < 4; ++r) store_quad(quads[r], to + (l + r) * row + i);
      }
    }
  }

  float* data_;
  std::size_t padded_;
  std::size_t lanes_;
};

struct WeightGradient {
  const ConstLaneView& gradient;  // before the activation
  const Panels& input;
  std::size_t inputs;
  std::span<float> to;
  IndexRange outputs;
};

template <std::size_t kTileVectors>
struct WeightTile {
  const WeightGradient& arguments;
  std::size_t first;  // input

  template <std::size_t kOutputs>
  HWY_NOINLINE void run(std::size_t output) const {
    V sums[kOutputs][kTileVectors];
    for (std::size_t o = 0; o < kOutputs; ++o) {
      for (std::size_t v = 0; v < kTileVectors; ++v) sums[o][v] = hn::Zero(D());
    }
    const ConstLaneView& gradient = arguments.gradient;
    const std::size_t row = arguments.input.stride(first);
    const float* HWY_RESTRICT x = arguments.input.at(first);
    // Contiguous lanes are one run.
    const bool contiguous = gradient.block_stride == kLanes;
    const std::size_t run_length = contiguous ? gradient.lanes() : kLanes;
    for (std::size_t block = 0; block < gradient.blocks; block += run_length / kLanes) {
      const float* HWY_RESTRICT g = gradient.at(output, block);
      for (std::size_t l = 0; l < run_length; ++l, x += row) {
        V values[kTileVectors];
        for (std::size_t v = 0; v < kTileVectors; ++v) values[v] = hn::Load(D(), x + v * kWidth);
        for (std::size_t o = 0; o < kOutputs; ++o) {
          const V factor = hn::Set(D(), g[o * gradient.feature_stride + l]);
          for (std::size_t v = 0; v < kTileVectors; ++v) {
            sums[o][v] = fused(factor, values[v], sums[o][v]);
          }
        }
      }
    }
    store(sums, arguments.to.data() + output * arguments.inputs + first);
  }

  template <std::size_t kOutputs>
  HWY_INLINE void store(const V (&sums)[kOutputs][kTileVectors], float* to) const {
    constexpr std::size_t kInputs = kTileVectors * kWidth;
    if (first + kInputs <= arguments.inputs) {
      for (std::size_t o = 0; o < kOutputs; ++o, to += arguments.inputs) {
        for (std::size_t v = 0; v < kTileVectors; ++v) hn::StoreU(sums[o][v], D(), to + v * kWidth);
      }
      return;
    }
    HWY_ALIGN float all[kOutputs][kInputs];
    for (std::size_t o = 0; o < kOutputs; ++o) {
      for (std::size_t v = 0; v < kTileVectors; ++v) {
        hn::Store(sums[o][v], D(), all[o] + v * kWidth);
      }
    }
    for (std::size_t o = 0; o < kOutputs; ++o, to += arguments.inputs) {
      std::copy_n(all[o], arguments.inputs - first, to);
    }
  }
};

/// Tiles of kTileVectors vectors, then smaller ones, from a vector of the padded inputs on.
template <std::size_t kTileVectors>
void weight_gradient(const WeightGradient& arguments, std::size_t vector) {
  const std::size_t vectors = Panels::padded(arguments.inputs) / kWidth;
  while (vector + kTileVectors <= vectors && vector * kWidth < arguments.inputs) {
    for_tiles<kDenseFeatures<kTileVectors>>(arguments.outputs,
                                            WeightTile<kTileVectors>{arguments, vector * kWidth});
    vector += kTileVectors;
  }
  if constexpr (kTileVectors > 1) weight_gradient<kTileVectors / 2>(arguments, vector);
}

/// Sums over the lanes, four outputs at a time.
struct BiasTile {
  const ConstLaneView& gradient;
  std::span<float> to;
  IndexRange outputs;

  template <std::size_t kQuads>
  HWY_NOINLINE void run(std::size_t quad) const {
    const std::size_t first = outputs.first + quad * 4;
    Quad sums[kQuads] = {};
    for (std::size_t block = 0; block < gradient.blocks; ++block) {
      for (std::size_t l = 0; l < kLanes; l += 4) {
        for (std::size_t q = 0; q < kQuads; ++q) {
          Quad rows[4] = {};
          for (std::size_t r = 0; r < 4 && first + q * 4 + r < outputs.last; ++r) {
            rows[r] = load_quad(gradient.at(first + q * 4 + r, block) + l);
          }
          transpose(rows);
          for (const Quad& of_lane : rows) sums[q] += of_lane;
        }
      }
    }
    const std::size_t count = std::min(kQuads * 4, outputs.last - first);
    std::memcpy(to.data() + first, sums, count * sizeof(float));
  }
};

void backward(Activation activation, const DenseBackward& arguments) {
  const std::size_t inputs = arguments.input.features;
  const Panels panels(arguments.input, arguments.scratch.data());
  float* const memory = arguments.scratch.data() + Panels::padded(inputs) * arguments.input.lanes();
  const ConstLaneView gradient = before_activation(activation, arguments, memory);
  const IndexRange outputs = arguments.share.of(gradient.features);
  weight_gradient<kDenseVectors>({gradient, panels, inputs, arguments.weight_gradient, outputs}, 0);
  if (!arguments.bias_gradient.empty()) {
    for_tiles<3>((outputs.size() + 3) / 4, BiasTile{gradient, arguments.bias_gradient, outputs});
  }
  if (!arguments.input_gradient) return;
  for_lanes<GradientTile>(InputGradient{gradient, arguments.weight, arguments.input_gradient},
                          gradient.blocks, arguments.share.of(inputs));
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(backward);

void dense_backward(Activation activation, const DenseBackward& arguments) {
  [[maybe_unused]] const std::size_t inputs = arguments.input.features;
  [[maybe_unused]] const std::size_t outputs = arguments.output_gradient.features;
  assert(arguments.input.blocks == arguments.output_gradient.blocks);
  assert(arguments.weight.size() == inputs * outputs);
  assert(arguments.weight_gradient.size() == inputs * outputs);
  assert(arguments.bias_gradient.empty() || arguments.bias_gradient.size() == outputs);
  assert(!arguments.input_gradient || arguments.input_gradient.features == inputs);
  assert(arguments.scratch.size() >= dense_scratch({inputs, outputs, arguments.input.lanes()}));
  HWY_DYNAMIC_DISPATCH(backward)(activation, arguments);
}

std::size_t dense_scratch(const DenseSize& size) {
  return ((size.inputs + kLanes - 1) / kLanes * kLanes + size.outputs) * size.lanes;
}

}  // namespace lockstep

#endif  // HWY_ONCE
