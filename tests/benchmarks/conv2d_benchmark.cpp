#include <string>

#include "framework/kernels/conv2d/conv2d.hpp"
#include "tests/benchmarks/lanes.hpp"

namespace lockstep {
namespace {

/// A convolution of a micro-batch with all its memory.
class Convolution {
 public:
  Convolution(const Conv2dGeometry& geometry, std::size_t blocks)
      : geometry_(geometry),
        memory_(conv2d_memory(geometry, blocks)),
        input_(geometry.input.image.size(), blocks),
        input_gradient_(geometry.input.image.size(), blocks),
        output_(outputs(), blocks),
        output_gradient_(outputs(), blocks),
        weight_(filled_buffer(geometry.weights())),
        weight_gradient_(geometry.weights()),
        bias_(filled_buffer(geometry.filters)),
        bias_gradient_(geometry.filters),
        saved_(memory_.saved),
        scratch_(memory_.scratch),
        samples_(static_cast<double>(blocks * kLanes)) {}

  void forward() {
    conv2d_forward(geometry_, {.input = input_.blocked(),
                               .weight = weight_.span(),
                               .bias = bias_.span(),
                               .output = output_.blocked(),
                               .saved = saved_.span()});
  }

  void backward(bool with_input_gradient) {
    conv2d_backward(geometry_,
                    {.input = input_.blocked(),
                     .output = output_.blocked(),
                     .output_gradient = output_gradient_.blocked(),
                     .weight = weight_.span(),
                     .weight_gradient = weight_gradient_.span(),
                     .bias_gradient = bias_gradient_.span(),
                     .input_gradient = with_input_gradient ? input_gradient_.blocked() : LaneView(),
                     .saved = saved_.span(),
                     .scratch = scratch_.span()});
  }

  /// Of one pass over inputs and weights; taps on padding are not carried out.
  double operations() const {
    const auto& [image, window] = geometry_.input;
    const Extent2d positions = geometry_.positions();
    const double taps =
        inside(positions.rows, image.rows, window.kernel.rows, window.padding.rows) *
        inside(positions.columns, image.columns, window.kernel.columns, window.padding.columns);
    return 2 * samples_ * taps * static_cast<double>(image.channels * geometry_.filters);
  }

 private:
  Conv2dGeometry geometry_;
  Conv2dMemory memory_;
  Lanes input_;
  Lanes input_gradient_;
  Lanes output_;
  Lanes output_gradient_;
  AlignedBuffer<float> weight_;
  AlignedBuffer<float> weight_gradient_;
  AlignedBuffer<float> bias_;
  AlignedBuffer<float> bias_gradient_;
  AlignedBuffer<float> saved_;
  AlignedBuffer<float> scratch_;
  double samples_;

  std::size_t outputs() const { return geometry_.filters * geometry_.output().size(); }

  // Taps of all positions of one axis that lie on the image.
  static double inside(std::size_t positions, std::size_t size, std::size_t kernel,
                       std::size_t padding) {
    double taps = 0;
    for (std::size_t position = 0; position < positions; ++position) {
      for (std::size_t tap = 0; tap < kernel; ++tap) {
        const Offset at = signed_size(position + tap) - signed_size(padding);
        taps += is_inside(at, size) ? 1 : 0;
      }
    }
    return taps;
  }
};

struct Case {
  std::string name;
  Conv2dGeometry geometry;
};

Conv2dGeometry square(const ImageShape& image, std::size_t filters, std::size_t kernel,
                      std::size_t padding) {
  return {.input = {.image = image,
                    .window = {.kernel = {kernel, kernel},
                               .stride = {1, 1},
                               .padding = {padding, padding}}},
          .filters = filters};
}

void register_case(const Case& each, std::size_t blocks) {
  const auto add = [&](const std::string& phase, double passes, const auto& work) {
    benchmark::RegisterBenchmark(("conv2d_" + phase + "/" + each.name).c_str(),
                                 [each, blocks, passes, work](benchmark::State& state) {
                                   Convolution convolution(each.geometry, blocks);
                                   convolution.forward();
                                   for ([[maybe_unused]] auto _ : state) work(convolution);
                                   count_operations(state, passes * convolution.operations());
                                 });
  };
  add("forward", 1, [](Convolution& c) { c.forward(); });
  add("weight_gradient", 1, [](Convolution& c) { c.backward(false); });
  add("backward", 2, [](Convolution& c) { c.backward(true); });
}

[[maybe_unused]] const bool kRegistered = [] {
  constexpr std::size_t kMicroBatch = 4;  // blocks
  for (const auto& [name, geometry] : {Case{"lenet5_c1", square({1, 28, 28}, 6, 5, 0)},
                                       Case{"lenet5_c3", square({6, 12, 12}, 16, 5, 0)}}) {
    register_case({name, geometry}, kMicroBatch);
    Conv2dGeometry fused = geometry;
    fused.epilogue = {.activation = Activation::relu, .pooling = Pooling::average};
    register_case({name + "+relu+average", fused}, kMicroBatch);
    fused.epilogue = {.activation = Activation::relu, .pooling = Pooling::maximum};
    register_case({name + "+relu+maximum", fused}, kMicroBatch);
    fused.epilogue = {.activation = Activation::tanh, .pooling = Pooling::average};
    register_case({name + "+tanh+average", fused}, kMicroBatch);
  }
  register_case({"3x3_32x32x32_to_32", square({32, 32, 32}, 32, 3, 1)}, 1);
  register_case({"3x3_32x32x32_to_64", square({32, 32, 32}, 64, 3, 1)}, 1);
  return true;
}();

}  // namespace
}  // namespace lockstep
