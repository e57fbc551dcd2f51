#include "framework/layers/activation_layer.hpp"

namespace lockstep {
namespace {

/// The hyperbolic tangent.
std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& /*settings*/) {
  return std::make_unique<ActivationLayer>(
      ActivationKernels{Activation::tanh, tanh_forward, tanh_backward});
}

}  // namespace

LayerType tanh_layer_type() { return activation_layer_type("tanh", create); }

}  // namespace lockstep
