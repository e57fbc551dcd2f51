#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/kernels/elementwise.hpp"
#include "framework/layers/layer.hpp"

namespace lockstep {
namespace {

/// The sum of two or more inputs of the same shape, from left to right.
class Add final : public Layer {
 public:
  Shape output_shape(std::span<const Shape> inputs) const override {
    if (inputs.size() < 2) {
      throw Error(errors::kLayerInput,
                  fmt::format("takes at least two inputs, but has {}; name them in `inputs`.",
                              inputs.size()));
    }
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      if (inputs[i] != inputs[0]) {
        throw Error(errors::kLayerInput,
                    fmt::format("expected inputs of one shape, but input 1 is {} and input {} is "
                                "{}; sums need equal shapes.",
                                inputs[0].to_string(), i + 1, inputs[i].to_string()));
      }
    }
    return inputs[0];
  }

  void forward(const ForwardArguments& arguments) const override {
    add_lanes(arguments.inputs[0], arguments.inputs[1], arguments.output);
    for (const ConstLaneView& input : arguments.inputs.subspan(2)) {
      accumulate_lanes(input, arguments.output);
    }
  }

  void backward(const BackwardArguments& arguments) const override {
    for (const LaneView& input_gradient : arguments.input_gradients) {
      if (input_gradient) copy_lanes(arguments.output_gradient, input_gradient);
    }
  }
};

std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& /*settings*/) {
  return std::make_unique<Add>();
}

}  // namespace

LayerType add_layer_type() {
  return {
      .name = "add",
      .create = create,
      .examples = {{.settings = {}, .inputs = {Shape{3, 4, 5}, Shape{3, 4, 5}}},
                   {.settings = {}, .inputs = {Shape{7}, Shape{7}, Shape{7}, Shape{7}}}},
      .refused = {{.settings = {}, .inputs = {Shape{7}}},
                  {.settings = {}, .inputs = {Shape{7}, Shape{7}, Shape{8}}},
                  {.settings = {}, .inputs = {Shape{60}, Shape{3, 4, 5}}}},
  };
}

}  // namespace lockstep
