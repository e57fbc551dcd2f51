#include "framework/layers/pooling_layer.hpp"

namespace lockstep {
namespace {

/// The mean of each window; padding counts as zeros.
class AveragePool2d final : public PoolingLayer {
 public:
  explicit AveragePool2d(SettingsReader& settings) : PoolingLayer(settings) {}

  std::optional<Epilogue> as_epilogue() const override {
    return pooling_epilogue(window(), Pooling::average);
  }

  void forward(const ForwardArguments& arguments) const override {
    average_pool2d_forward(geometry(arguments.shapes),
                           {.input = arguments.inputs[0], .output = arguments.output});
  }

  void backward(const BackwardArguments& arguments) const override {
    if (!arguments.input_gradients[0]) return;
    average_pool2d_backward(geometry(arguments.shapes),
                            {.output_gradient = arguments.output_gradient,
                             .input_gradient = arguments.input_gradients[0]});
  }
};

std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& settings) {
  return std::make_unique<AveragePool2d>(settings);
}

}  // namespace

LayerType avg_pool2d_layer_type() {
  return {
      .name = "avg_pool2d",
      .create = create,
      .examples = pooling_examples(),
      .refused = refused_pooling(),
  };
}

}  // namespace lockstep
