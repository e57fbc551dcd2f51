// Activations and their derivatives on vectors: what activation.hpp states, for kernels that apply
// them to their own sums. Highway's re-inclusion pattern, hence the guard.

#if defined(LOCKSTEP_KERNELS_ACTIVATION_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_ACTIVATION_INL
#undef LOCKSTEP_KERNELS_ACTIVATION_INL
#else
#define LOCKSTEP_KERNELS_ACTIVATION_INL
#endif

#include <hwy/highway.h>

#include "framework/kernels/elementary-inl.hpp"
#include "framework/kernels/epilogue.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

template <Activation kActivation>
HWY_INLINE V activate(V x) {
  if constexpr (kActivation == Activation::relu) {
    return hn::IfThenElseZero(hn::Gt(x, hn::Zero(D())), x);
  } else if constexpr (kActivation == Activation::tanh) {
    return tanh(x);
  } else if constexpr (kActivation == Activation::sigmoid) {
    return sigmoid(x);
  } else {
    return x;
  }
}

/// The gradient before the activation, from its output y and the gradient g of that output.
template <Activation kActivation>
HWY_INLINE V activation_gradient(V y, V g) {
  if constexpr (kActivation == Activation::relu) {
    return hn::IfThenElseZero(hn::Gt(y, hn::Zero(D())), g);
  } else if constexpr (kActivation == Activation::tanh) {
    return hn::Mul(g, fused(hn::Neg(y), y, constant(1.0F)));
  } else if constexpr (kActivation == Activation::sigmoid) {
    return hn::Mul(g, hn::Mul(y, hn::Sub(constant(1.0F), y)));
  } else {
    return g;
  }
}

/// Calls run.template operator()<activation>() for an activation known at run time.
template <class Run>
HWY_INLINE void with_activation(Activation activation, const Run& run) {
  switch (activation) {
    case Activation::none:
      return run.template operator()<Activation::none>();
    case Activation::relu:
      return run.template operator()<Activation::relu>();
    case Activation::tanh:
      return run.template operator()<Activation::tanh>();
    case Activation::sigmoid:
      return run.template operator()<Activation::sigmoid>();
  }
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
