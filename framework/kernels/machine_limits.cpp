#include "framework/kernels/machine_limits.hpp"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/machine_limits.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

FusedMultiplyAdds multiply_and_add(std::size_t rounds) {
  const V factor = hn::Set(D(), kFmaFactor);
  const V addend = hn::Set(D(), kFmaAddend);
  V chains[kFmaChains];
  unroll<0, kFmaChains>([&](auto i) LOCKSTEP_INLINE_LAMBDA {
    chains[i] = hn::Set(D(), 1.0F + static_cast<float>(i()));
  });
  for (std::size_t round = 0; round < rounds; ++round) {
    unroll<0, kFmaChains>(
        [&](auto i) LOCKSTEP_INLINE_LAMBDA { chains[i] = fused(chains[i], factor, addend); });
  }
  V sum = chains[0];
  unroll<1, kFmaChains>([&](auto i) LOCKSTEP_INLINE_LAMBDA { sum = hn::Add(sum, chains[i]); });
  return {
      .operations = static_cast<double>(rounds) * 2.0 * static_cast<double>(kFmaChains * kWidth),
      .sum = hn::GetLane(sum)};
}

void triad(const Triad& a) {
  const V factor = hn::Set(D(), a.factor);
  const float* HWY_RESTRICT addend = a.addend.data();
  const float* HWY_RESTRICT input = a.input.data();
  float* HWY_RESTRICT output = a.output.data();
  for (std::size_t i = 0; i < a.output.size(); i += kWidth) {
    const V result = fused(factor, hn::Load(D(), input + i), hn::Load(D(), addend + i));
    hn::Store(result, D(), output + i);
  }
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(multiply_and_add);
HWY_EXPORT(triad);

FusedMultiplyAdds run_fused_multiply_adds(std::size_t rounds) {
  return HWY_DYNAMIC_DISPATCH(multiply_and_add)(rounds);
}

void run_triad(const Triad& arguments) {
  assert(arguments.output.size() % kLanes == 0);
  assert(arguments.addend.size() == arguments.output.size());
  assert(arguments.input.size() == arguments.output.size());
  HWY_DYNAMIC_DISPATCH(triad)(arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE
