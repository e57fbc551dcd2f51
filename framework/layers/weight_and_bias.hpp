#pragma once

// The weight and the bias of layers that have both, and the settings that these share.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "framework/layers/layer.hpp"

namespace lockstep {

/// Weights start as he_normal, biases at 0.
class WeightAndBias {
 public:
  /// Reads `bias` and `weight_scale`.
  explicit WeightAndBias(SettingsReader& settings)
      : has_bias_(settings.boolean_or("bias", true)),
        scale_(static_cast<float>(settings.real_or("weight_scale", kScaleBounds, 1.0))) {}

  struct Weight {
    Shape shape;  ///< outputs first
    std::string axis_order;
    Index fan_in;
    Index fan_out;
  };
  std::vector<ParameterSpec> specs(Weight weight) const {
    const Shape outputs{weight.shape[0]};
    std::vector<ParameterSpec> specs{{.name = "weight",
                                      .role = ParameterRole::weight,
                                      .shape = weight.shape,
                                      .axis_order = std::move(weight.axis_order),
                                      .fan_in = weight.fan_in,
                                      .fan_out = weight.fan_out,
                                      .initializer = {.kind = Initializer::Kind::he_normal},
                                      .scale = scale_}};
    if (has_bias_) {
      specs.push_back({.name = "bias",
                       .role = ParameterRole::bias,
                       .shape = outputs,
                       .axis_order = "O",
                       .fan_in = weight.fan_in,
                       .fan_out = weight.fan_out,
                       .initializer = {.kind = Initializer::Kind::constant}});
    }
    return specs;
  }

  /// The bias among a layer's parameters or their gradients; empty without one.
  template <class T>
  std::span<T> bias_of(std::span<const std::span<T>> parameters) const {
    return has_bias_ ? parameters[1] : std::span<T>();
  }

 private:
  static constexpr SettingsReader::Bounds kScaleBounds{.low = 1e-30, .high = 1e30};

  bool has_bias_;
  float scale_;
};

}  // namespace lockstep
