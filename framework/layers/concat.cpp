#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

#include "framework/core/error.hpp"
#include "framework/kernels/elementwise.hpp"
#include "framework/layers/layer.hpp"

namespace lockstep {
namespace {

/// Joins its inputs in order: the channels of images, or the numbers of flat lists.
class Concat final : public Layer {
 public:
  Shape output_shape(std::span<const Shape> inputs) const override {
    if (inputs.size() < 2) {
      throw Error(errors::kLayerInput,
                  fmt::format("takes at least two inputs, but has {}; name them in `inputs`.",
                              inputs.size()));
    }
    Index first = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      check_agrees(inputs, i);
      first += inputs[i][0];
    }
    const Shape& shape = inputs[0];
    return shape.rank() == 1 ? Shape{first} : Shape{first, shape[1], shape[2]};
  }

  std::vector<ShapeArithmetic> arithmetic(std::span<const Shape> inputs) const override {
    std::vector<Index> extents;
    for (const Shape& input : inputs) extents.push_back(input[0]);
    return {
        {.extent = inputs[0].rank() == 1 ? "features" : "channels",
         .formula = fmt::format("{} = {}", fmt::join(extents, " + "), output_shape(inputs)[0])}};
  }

  void forward(const ForwardArguments& arguments) const override {
    std::size_t first = 0;
    for (const ConstLaneView& input : arguments.inputs) {
      copy_lanes(input, feature_range(arguments.output, first, input.features));
      first += input.features;
    }
  }

  void backward(const BackwardArguments& arguments) const override {
    std::size_t first = 0;
    for (std::size_t i = 0; i < arguments.inputs.size(); ++i) {
      const std::size_t features = arguments.inputs[i].features;
      const LaneView& input_gradient = arguments.input_gradients[i];
      if (input_gradient) {
        copy_lanes(feature_range(arguments.output_gradient, first, features), input_gradient);
      }
      first += features;
    }
  }

 private:
  static void check_agrees(std::span<const Shape> inputs, std::size_t i) {
    const Shape& first = inputs[0];
    const Shape& other = inputs[i];
    const bool images = first.rank() == 3 && other.rank() == 3;
    if (images && first[1] == other[1] && first[2] == other[2]) return;
    if (first.rank() == 1 && other.rank() == 1) return;
    throw Error(errors::kLayerInput,
                fmt::format("expected inputs that are all flat, or all images with equal rows and "
                            "columns, but input 1 is {} and input {} is {}.",
                            first.to_string(), i + 1, other.to_string()));
  }
};

std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& /*settings*/) {
  return std::make_unique<Concat>();
}

}  // namespace

LayerType concat_layer_type() {
  return {
      .name = "concat",
      .create = create,
      .examples = {{.settings = {}, .inputs = {Shape{3, 4, 5}, Shape{1, 4, 5}, Shape{2, 4, 5}}},
                   {.settings = {}, .inputs = {Shape{7}, Shape{9}}}},
      .refused = {{.settings = {}, .inputs = {Shape{7}}},
                  {.settings = {}, .inputs = {Shape{3, 4, 5}, Shape{3, 5, 5}}},
                  {.settings = {}, .inputs = {Shape{3, 4, 5}, Shape{3, 4, 6}}},
                  {.settings = {}, .inputs = {Shape{60}, Shape{3, 4, 5}}}},
  };
}

}  // namespace lockstep
