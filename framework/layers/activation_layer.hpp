#pragma once

// What activation layers share: a function of each element by itself, whose derivative follows from
// the output.

#include <memory>
#include <string>
#include <string_view>

#include "framework/kernels/activation.hpp"
#include "framework/layers/input_shapes.hpp"
#include "framework/layers/layer.hpp"

namespace lockstep {

struct ActivationKernels {
  Activation activation;  ///< as the end of another layer's kernel
  void (*forward)(const ActivationForward& arguments);
  void (*backward)(const ActivationBackward& arguments);
};

class ActivationLayer final : public Layer {
 public:
  explicit ActivationLayer(const ActivationKernels& kernels) : kernels_(kernels) {}

  Shape output_shape(std::span<const Shape> inputs) const override { return only_input(inputs); }

  std::optional<Epilogue> as_epilogue() const override {
    return Epilogue{.activation = kernels_.activation};
  }

  void forward(const ForwardArguments& arguments) const override {
    kernels_.forward({.input = arguments.inputs[0], .output = arguments.output});
  }

  void backward(const BackwardArguments& arguments) const override {
    if (!arguments.input_gradients[0]) return;
    kernels_.backward({.output = arguments.output,
                       .output_gradient = arguments.output_gradient,
                       .input_gradient = arguments.input_gradients[0]});
  }

 private:
  ActivationKernels kernels_;
};

/// What the file of an activation registers, except `has_kinks`. It has no settings.
inline LayerType activation_layer_type(std::string_view name,
                                       std::unique_ptr<Layer> (*create)(const std::string& name,
                                                                        SettingsReader& settings)) {
  return {.name = name,
          .create = create,
          .examples = {{.settings = {}, .inputs = {Shape{3, 4, 5}}},
                       {.settings = {}, .inputs = {Shape{7}}}},
          .refused = {{.settings = {}, .inputs = {Shape{7}, Shape{7}}},
                      {.settings = {{"rate", "1"}}, .inputs = {Shape{7}}}}};
}

}  // namespace lockstep
