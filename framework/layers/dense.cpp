#include "framework/kernels/dense.hpp"

#include <fmt/format.h>

#include "framework/core/aligned_buffer.hpp"
#include "framework/core/error.hpp"
#include "framework/kernels/dense_one_sample.hpp"
#include "framework/layers/input_shapes.hpp"
#include "framework/layers/layer.hpp"
#include "framework/layers/weight_and_bias.hpp"

namespace lockstep {
namespace {

class OneSampleDense final : public OneSampleForward {
 public:
  OneSampleDense(Activation activation, std::size_t units, std::span<const float> weight,
                 std::span<const float> bias)
      : activation_(activation), packed_(packed_dense_size(weight.size() / units, units)) {
    pack_dense(weight, bias, units, packed_.span());
  }

  void run(std::span<const std::span<const float>> inputs, std::span<float> output) override {
    dense_one_sample(activation_, {.input = inputs[0], .packed = packed_.span(), .output = output});
  }

 private:
  Activation activation_;
  AlignedBuffer<float> packed_;
};

/// Fully connected: each unit is a weighted sum of all inputs plus a bias.
class Dense final : public Layer {
 public:
  explicit Dense(SettingsReader& settings)
      : units_(settings.integer("units", {.low = 1, .high = 1 << 24})), tensors_(settings) {}

  Shape output_shape(std::span<const Shape> inputs) const override {
    const Shape& input = only_input(inputs);
    if (input.rank() == 1) return Shape{units_};
    throw Error(errors::kLayerInput,
                fmt::format("expected a flat list of numbers as input, but found an image of {} "
                            "(channels x rows x columns); put a flatten layer before this one.",
                            input.to_string()));
  }

  std::vector<ParameterSpec> parameters(std::span<const Shape> inputs) const override {
    const Index features = inputs.front()[0];
    return tensors_.specs({.shape = Shape{units_, features},
                           .axis_order = "OI",
                           .fan_in = features,
                           .fan_out = units_});
  }

  Index multiply_adds(std::span<const Shape> inputs) const override {
    return inputs.front()[0] * units_;
  }

  Workspace workspace(std::span<const Shape> inputs, Index lanes) const override {
    const std::size_t floats = dense_scratch({.inputs = static_cast<std::size_t>(inputs.front()[0]),
                                              .outputs = static_cast<std::size_t>(units_),
                                              .lanes = static_cast<std::size_t>(lanes)});
    return {.scratch = static_cast<Index>(floats)};
  }

  LaneExtent lane_extent() const override { return LaneExtent::whole; }

  bool divides() const override { return true; }

  std::unique_ptr<Layer> fused_with(const Layer& next) const override {
    const std::optional<Epilogue> added = next.as_epilogue();
    if (activation_ != Activation::none || !added || added->pooling != Pooling::none) return {};
    auto fused = std::make_unique<Dense>(*this);
    fused->activation_ = added->activation;
    return fused;
  }

  std::unique_ptr<OneSampleForward> for_one_sample(
      std::span<const Shape> /*inputs*/,
      std::span<const std::span<const float>> parameters) const override {
    return std::make_unique<OneSampleDense>(activation_, static_cast<std::size_t>(units_),
                                            parameters[0], tensors_.bias_of(parameters));
  }

  void forward(const ForwardArguments& arguments) const override {
    dense_forward(activation_, {.input = arguments.inputs[0],
                                .weight = arguments.parameters[0],
                                .bias = tensors_.bias_of(arguments.parameters),
                                .output = arguments.output,
                                .share = arguments.share});
  }

  void backward(const BackwardArguments& arguments) const override {
    dense_backward(activation_, {.input = arguments.inputs[0],
                                 .output = arguments.output,
                                 .output_gradient = arguments.output_gradient,
                                 .weight = arguments.parameters[0],
                                 .weight_gradient = arguments.parameter_gradients[0],
                                 .bias_gradient = tensors_.bias_of(arguments.parameter_gradients),
                                 .input_gradient = arguments.input_gradients[0],
                                 .scratch = arguments.scratch,
                                 .share = arguments.share});
  }

 private:
  Index units_;
  WeightAndBias tensors_;
  Activation activation_ = Activation::none;  ///< of a fused layer
};

std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& settings) {
  return std::make_unique<Dense>(settings);
}

}  // namespace

LayerType dense_layer_type() {
  return {
      .name = "dense",
      .create = create,
      .examples = {{.settings = {{"units", "10"}}, .inputs = {Shape{21}}},
                   {.settings = {{"units", "1"}, {"bias", "false"}}, .inputs = {Shape{16}}},
                   {.settings = {{"units", "13"}, {"weight_scale", "0.01"}}, .inputs = {Shape{1}}}},
      .refused = {{.settings = {{"units", "10"}}, .inputs = {Shape{16, 4, 4}}},
                  {.settings = {{"units", "10"}}, .inputs = {Shape{8}, Shape{8}}},
                  {.settings = {}, .inputs = {Shape{8}}},
                  {.settings = {{"units", "0"}}, .inputs = {Shape{8}}},
                  {.settings = {{"units", "2.5"}}, .inputs = {Shape{8}}},
                  {.settings = {{"units", "10"}, {"bias", "maybe"}}, .inputs = {Shape{8}}}},
  };
}

}  // namespace lockstep
