#include "framework/layers/pooling_layer.hpp"

namespace lockstep {
namespace {

/// The greatest element of each window. Padding never wins. Of equal elements the first wins.
class MaxPool2d final : public PoolingLayer {
 public:
  explicit MaxPool2d(SettingsReader& settings) : PoolingLayer(settings) {}

  /// Saves the winners, laid out as a blocked view of the output.
  Workspace workspace(std::span<const Shape> inputs, Index lanes) const override {
    return {.saved = output_shape(inputs).size() * lanes};
  }

  std::optional<Epilogue> as_epilogue() const override {
    return pooling_epilogue(window(), Pooling::maximum);
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
};

std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& settings) {
  return std::make_unique<MaxPool2d>(settings);
}

}  // namespace

LayerType max_pool2d_layer_type() {
  return {
      .name = "max_pool2d",
      .create = create,
      .examples = pooling_examples(),
      .refused = refused_pooling(),
      .has_kinks = true,
  };
}

}  // namespace lockstep
