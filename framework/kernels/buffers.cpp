#include "framework/kernels/buffers.hpp"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/buffers.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/stretches-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

void divide(std::span<const float> sum, float divisor, std::span<float> gradient) {
  const V by = of(divisor);
  for_stretches(sum.size(), [&](const auto& load, const auto& store) LOCKSTEP_INLINE_LAMBDA {
    store(hn::Div(load(sum.data()), by), gradient.data());
  });
}

/// x - x is 0 only for finite numbers.
bool finite(std::span<const float> values) {
  V sum = hn::Zero(D());
  for_stretches(values.size(), [&](const auto& load, const auto& /*store*/) LOCKSTEP_INLINE_LAMBDA {
    const V x = load(values.data());
    sum = hn::Add(sum, hn::Sub(x, x));
  });
  return hn::AllTrue(D(), hn::Eq(sum, hn::Zero(D())));
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(divide);
HWY_EXPORT(finite);

void divide_buffer(std::span<const float> sum, float divisor, std::span<float> gradient) {
  assert(sum.size() == gradient.size());
  HWY_DYNAMIC_DISPATCH(divide)(sum, divisor, gradient);
}

bool all_finite(std::span<const float> values) { return HWY_DYNAMIC_DISPATCH(finite)(values); }

}  // namespace lockstep

#endif  // HWY_ONCE
