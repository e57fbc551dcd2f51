#include <fmt/format.h>
#include <fmt/ranges.h>

#include "framework/kernels/elementwise.hpp"
#include "framework/layers/input_shapes.hpp"
#include "framework/layers/layer.hpp"

namespace lockstep {
namespace {

/// An image as a flat list of numbers, in (C, H, W) order.
class Flatten final : public Layer {
 public:
  Shape output_shape(std::span<const Shape> inputs) const override {
    return Shape{only_input(inputs).size()};
  }

  std::vector<ShapeArithmetic> arithmetic(std::span<const Shape> inputs) const override {
    const Shape& input = inputs.front();
    if (input.rank() == 1) return {};
    return {{.extent = "features",
             .formula = fmt::format("{} = {}", fmt::join(input.extents(), "*"), input.size())}};
  }

  bool is_reshape() const override { return true; }

  void forward(const ForwardArguments& arguments) const override {
    copy_lanes(arguments.inputs[0], arguments.output);
  }

  void backward(const BackwardArguments& arguments) const override {
    if (!arguments.input_gradients[0]) return;
    copy_lanes(arguments.output_gradient, arguments.input_gradients[0]);
  }
};

std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& /*settings*/) {
  return std::make_unique<Flatten>();
}

}  // namespace

LayerType flatten_layer_type() {
  return {
      .name = "flatten",
      .create = create,
      .examples = {{.settings = {}, .inputs = {Shape{3, 4, 5}}},
                   {.settings = {}, .inputs = {Shape{7}}}},
      .refused = {{.settings = {}, .inputs = {Shape{3, 4, 5}, Shape{7}}}},
  };
}

}  // namespace lockstep
