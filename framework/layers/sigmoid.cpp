#include "framework/layers/activation_layer.hpp"

namespace lockstep {
namespace {

/// 1 / (1 + exp(-x)).
std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& /*settings*/) {
  return std::make_unique<ActivationLayer>(
      ActivationKernels{Activation::sigmoid, sigmoid_forward, sigmoid_backward});
}

}  // namespace

LayerType sigmoid_layer_type() { return activation_layer_type("sigmoid", create); }

}  // namespace lockstep
