#include "framework/kernels/activation.hpp"
#include "framework/layers/input_shapes.hpp"
#include "framework/layers/layer.hpp"

namespace lockstep {
namespace {

/// 1 / (1 + exp(-x)).
class Sigmoid final : public Layer {
 public:
  Shape output_shape(std::span<const Shape> inputs) const override { return only_input(inputs); }

  std::optional<Epilogue> as_epilogue() const override {
    return Epilogue{.activation = Activation::sigmoid};
  }

  void forward(const ForwardArguments& arguments) const override {
    sigmoid_forward({.input = arguments.inputs[0], .output = arguments.output});
  }

  void backward(const BackwardArguments& arguments) const override {
    if (!arguments.input_gradients[0]) return;
    sigmoid_backward({.output = arguments.output,
                      .output_gradient = arguments.output_gradient,
                      .input_gradient = arguments.input_gradients[0]});
  }
};

std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& /*settings*/) {
  return std::make_unique<Sigmoid>();
}

}  // namespace

LayerType sigmoid_layer_type() {
  return {
      .name = "sigmoid",
      .create = create,
      .examples = {{.settings = {}, .inputs = {Shape{3, 4, 5}}},
                   {.settings = {}, .inputs = {Shape{7}}}},
      .refused = {{.settings = {}, .inputs = {Shape{7}, Shape{7}}},
                  {.settings = {{"rate", "1"}}, .inputs = {Shape{7}}}},
  };
}

}  // namespace lockstep
