#include "framework/kernels/pool2d.hpp"
#include "framework/layers/input_shapes.hpp"
#include "framework/layers/layer.hpp"
#include "framework/layers/sliding_window.hpp"

namespace lockstep {
namespace {

/// The greatest element of each window; padding never wins, the first of equals does.
class MaxPool2d final : public Layer {
 public:
  explicit MaxPool2d(SettingsReader& settings) : window_(read_pooling_window(settings)) {}

  Shape output_shape(std::span<const Shape> inputs) const override {
    const Shape& input = only_image(inputs);
    return window_output(geometry(inputs), input[0]);
  }

  std::vector<ShapeArithmetic> arithmetic(std::span<const Shape> inputs) const override {
    return window_arithmetic(geometry(inputs));
  }

  /// Saved are the winners, laid out as a blocked view of the output.
  Workspace workspace(std::span<const Shape> inputs, Index lanes) const override {
    return {.saved = output_shape(inputs).size() * lanes};
  }

  LaneExtent lane_extent() const override { return LaneExtent::block; }

  std::optional<Epilogue> as_epilogue() const override {
    return pooling_epilogue(window_, Pooling::maximum);
  }

  void forward(const ForwardArguments& arguments) const override {
    const LaneView& output = arguments.output;
    const LaneView winners = arguments.saved.empty() ? LaneView{}
                                                     : blocked_view(arguments.saved.data(),
                                                                    output.features, output.blocks);
    max_pool2d_forward(geometry(arguments.shapes), {.input = arguments.inputs[0], .output = output},
                       winners);
  }

  void backward(const BackwardArguments& arguments) const override {
    if (!arguments.input_gradients[0]) return;
    const ConstLaneView& output = arguments.output_gradient;
    max_pool2d_backward(geometry(arguments.shapes),
                        {.output_gradient = output, .input_gradient = arguments.input_gradients[0]},
                        blocked_view(arguments.saved.data(), output.features, output.blocks));
  }

 private:
  WindowedImage geometry(std::span<const Shape> inputs) const {
    return {.image = image_shape(inputs.front()), .window = window_};
  }

  Window window_;
};

std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& settings) {
  return std::make_unique<MaxPool2d>(settings);
}

}  // namespace

LayerType max_pool2d_layer_type() {
  return {
      .name = "max_pool2d",
      .create = create,
      .examples = {{.settings = {{"kernel", "2"}}, .inputs = {Shape{3, 6, 8}}},
                   {.settings = {{"kernel", "[3, 2]"}, {"stride", "[2, 1]"}, {"padding", "[1, 1]"}},
                    .inputs = {Shape{2, 5, 4}}},
                   {.settings = {{"kernel", "2"}, {"stride", "3"}}, .inputs = {Shape{1, 7, 5}}}},
      .refused = {{.settings = {{"kernel", "7"}}, .inputs = {Shape{1, 5, 9}}},
                  {.settings = {{"kernel", "2"}}, .inputs = {Shape{12}}},
                  {.settings = {{"kernel", "2"}, {"padding", "[0, 2]"}},
                   .inputs = {Shape{1, 8, 8}}},
                  {.settings = {}, .inputs = {Shape{1, 8, 8}}}},
      .has_kinks = true,
  };
}

}  // namespace lockstep
