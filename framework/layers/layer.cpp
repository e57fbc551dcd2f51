#include "framework/layers/layer.hpp"

namespace lockstep {

std::vector<ShapeArithmetic> Layer::arithmetic(std::span<const Shape> /*inputs*/) const {
  return {};
}

std::vector<ParameterSpec> Layer::parameters(std::span<const Shape> /*inputs*/) const { return {}; }

Index Layer::multiply_adds(std::span<const Shape> /*inputs*/) const { return 0; }

Workspace Layer::workspace(std::span<const Shape> /*inputs*/, Index /*lanes*/) const { return {}; }

std::unique_ptr<Layer> Layer::fused_with(const Layer& /*next*/) const { return nullptr; }

std::unique_ptr<OneSampleForward> Layer::for_one_sample(
    std::span<const Shape> /*inputs*/,
    std::span<const std::span<const float>> /*parameters*/) const {
  return nullptr;
}

}  // namespace lockstep
