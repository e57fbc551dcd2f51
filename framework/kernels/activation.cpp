#include "framework/kernels/activation.hpp"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/activation.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next ones need to come after.
#include <hwy/highway.h>

#include "framework/kernels/activation-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// output = function(input)
template <V (*kFunction)(V)>
void map(const ActivationForward& arguments) {
  for (std::size_t block = 0; block < arguments.input.blocks; ++block) {
    for (std::size_t feature = 0; feature < arguments.input.features; ++feature) {
      const float* x = arguments.input.at(feature, block);
      float* y = arguments.output.at(feature, block);
      for (std::size_t l = 0; l < kLanes; l += kWidth) {
        hn::Store(kFunction(hn::Load(D(), x + l)), D(), y + l);
      }
    }
  }
}

/// input_gradient = derivative(output, output_gradient)
template <V (*kDerivative)(V, V)>
void map_back(const ActivationBackward& arguments) {
  for (std::size_t block = 0; block < arguments.output.blocks; ++block) {
    for (std::size_t feature = 0; feature < arguments.output.features; ++feature) {
      const float* y = arguments.output.at(feature, block);
      const float* g = arguments.output_gradient.at(feature, block);
      float* to = arguments.input_gradient.at(feature, block);
      for (std::size_t l = 0; l < kLanes; l += kWidth) {
        hn::Store(kDerivative(hn::Load(D(), y + l), hn::Load(D(), g + l)), D(), to + l);
      }
    }
  }
}

void forward_relu(const ActivationForward& arguments) {
  map<activate<Activation::relu>>(arguments);
}
void forward_tanh(const ActivationForward& arguments) { map<tanh>(arguments); }
void forward_sigmoid(const ActivationForward& arguments) { map<sigmoid>(arguments); }
void all_exp(const ActivationForward& arguments) { map<exp>(arguments); }
void all_log(const ActivationForward& arguments) { map<log>(arguments); }
void backward_relu(const ActivationBackward& arguments) {
  map_back<activation_gradient<Activation::relu>>(arguments);
}
void backward_tanh(const ActivationBackward& arguments) {
  map_back<activation_gradient<Activation::tanh>>(arguments);
}
void backward_sigmoid(const ActivationBackward& arguments) {
  map_back<activation_gradient<Activation::sigmoid>>(arguments);
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {
namespace {

[[maybe_unused]] bool alike(const ConstLaneView& left, const ConstLaneView& right) {
  return left.features == right.features && left.blocks == right.blocks;
}

}  // namespace

HWY_EXPORT(forward_relu);
HWY_EXPORT(forward_tanh);
HWY_EXPORT(forward_sigmoid);
HWY_EXPORT(all_exp);
HWY_EXPORT(all_log);
HWY_EXPORT(backward_relu);
HWY_EXPORT(backward_tanh);
HWY_EXPORT(backward_sigmoid);

void relu_forward(const ActivationForward& arguments) {
  assert(alike(arguments.input, arguments.output));
  HWY_DYNAMIC_DISPATCH(forward_relu)(arguments);
}

void relu_backward(const ActivationBackward& arguments) {
  assert(alike(arguments.output, arguments.input_gradient));
  HWY_DYNAMIC_DISPATCH(backward_relu)(arguments);
}

void tanh_forward(const ActivationForward& arguments) {
  assert(alike(arguments.input, arguments.output));
  HWY_DYNAMIC_DISPATCH(forward_tanh)(arguments);
}

void tanh_backward(const ActivationBackward& arguments) {
  assert(alike(arguments.output, arguments.input_gradient));
  HWY_DYNAMIC_DISPATCH(backward_tanh)(arguments);
}

void sigmoid_forward(const ActivationForward& arguments) {
  assert(alike(arguments.input, arguments.output));
  HWY_DYNAMIC_DISPATCH(forward_sigmoid)(arguments);
}

void sigmoid_backward(const ActivationBackward& arguments) {
  assert(alike(arguments.output, arguments.input_gradient));
  HWY_DYNAMIC_DISPATCH(backward_sigmoid)(arguments);
}

void exp_lanes(const ActivationForward& arguments) {
  assert(alike(arguments.input, arguments.output));
  HWY_DYNAMIC_DISPATCH(all_exp)(arguments);
}

void log_lanes(const ActivationForward& arguments) {
  assert(alike(arguments.input, arguments.output));
  HWY_DYNAMIC_DISPATCH(all_log)(arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
