#include "framework/layers/activation_layer.hpp"

namespace lockstep {
namespace {

/// x > 0 ? x : +0; the derivative at 0 is 0.
std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& /*settings*/) {
  return std::make_unique<ActivationLayer>(
      ActivationKernels{Activation::relu, relu_forward, relu_backward});
}

}  // namespace

LayerType relu_layer_type() {
  LayerType type = activation_layer_type("relu", create);
  type.has_kinks = true;
  return type;
}

}  // namespace lockstep
