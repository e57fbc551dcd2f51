#include "framework/kernels/optimizer.hpp"

#include <cassert>
#include <cstddef>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/optimizer.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// step(load, store) for all stretches of kWidth elements, of which the last may be shorter: then
/// what is loaded beyond the end is 1, and what is stored there is dropped.
template <class Step>
HWY_INLINE void for_stretches(std::size_t size, const Step& step) {
  std::size_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    step([&](const auto* from) LOCKSTEP_INLINE_LAMBDA { return hn::LoadU(D(), from + i); },
         [&](V value, float* to) LOCKSTEP_INLINE_LAMBDA { hn::StoreU(value, D(), to + i); });
  }
  const std::size_t bytes = (size - i) * sizeof(float);
  if (bytes == 0) return;
  step(
      [&](const auto* from) LOCKSTEP_INLINE_LAMBDA {
        HWY_ALIGN float part[kWidth];
        hn::Store(hn::Set(D(), 1.0F), D(), part);
        std::memcpy(part, from + i, bytes);
        return hn::Load(D(), part);
      },
      [&](V value, float* to) LOCKSTEP_INLINE_LAMBDA {
        HWY_ALIGN float part[kWidth];
        hn::Store(value, D(), part);
        std::memcpy(to + i, part, bytes);
      });
}

HWY_INLINE V of(float value) { return hn::Set(D(), value); }

void sgd(const SgdUpdate& a) {
  const V rate = of(a.learning_rate);
  const V decay = of(a.weight_decay);
  const V momentum = of(a.momentum);
  float* const values = a.values.data();
  float* const buffer = a.momentum_buffer.data();
  for_stretches(a.values.size(), [&](const auto& load, const auto& store) LOCKSTEP_INLINE_LAMBDA {
    const V value = load(values);
    const V g = hn::Add(load(a.gradient.data()), hn::Mul(decay, value));
    V step = g;
    if (buffer != nullptr) {
      const V moved = hn::Add(hn::Mul(momentum, load(buffer)), g);
      store(moved, buffer);
      step = a.nesterov ? hn::Add(g, hn::Mul(momentum, moved)) : moved;
    }
    store(hn::Sub(value, hn::Mul(rate, step)), values);
  });
}

void adam(const AdamUpdate& a) {
  const V rate = of(a.learning_rate);
  const V root = of(a.root);
  const V decay = of(a.weight_decay);
  const V beta1 = of(a.beta1);
  const V beta2 = of(a.beta2);
  const V rest1 = of(a.rest1);
  const V rest2 = of(a.rest2);
  const V epsilon = of(a.epsilon);
  float* const values = a.values.data();
  float* const first = a.first_moment.data();
  float* const second = a.second_moment.data();
  for_stretches(a.values.size(), [&](const auto& load, const auto& store) LOCKSTEP_INLINE_LAMBDA {
    const V value = load(values);
    const V g = hn::Add(load(a.gradient.data()), hn::Mul(decay, value));
    const V m = hn::Add(hn::Mul(beta1, load(first)), hn::Mul(rest1, g));
    const V v = hn::Add(hn::Mul(beta2, load(second)), hn::Mul(hn::Mul(rest2, g), g));
    const V divisor = hn::Add(hn::Div(hn::Sqrt(v), root), epsilon);
    store(m, first);
    store(v, second);
    store(hn::Sub(value, hn::Div(hn::Mul(rate, m), divisor)), values);
  });
}

void divide(std::span<const float> sum, float divisor, std::span<float> gradient) {
  const V by = of(divisor);
  for_stretches(sum.size(), [&](const auto& load, const auto& store) LOCKSTEP_INLINE_LAMBDA {
    store(hn::Div(load(sum.data()), by), gradient.data());
  });
}

/// x - x is 0 for finite numbers only.
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

HWY_EXPORT(sgd);
HWY_EXPORT(adam);
HWY_EXPORT(divide);
HWY_EXPORT(finite);

void sgd_update(const SgdUpdate& arguments) {
  assert(arguments.values.size() == arguments.gradient.size());
  assert(arguments.momentum_buffer.empty() ||
         arguments.momentum_buffer.size() == arguments.values.size());
  HWY_DYNAMIC_DISPATCH(sgd)(arguments);
}

void adam_update(const AdamUpdate& arguments) {
  assert(arguments.values.size() == arguments.gradient.size());
  assert(arguments.values.size() == arguments.first_moment.size());
  assert(arguments.values.size() == arguments.second_moment.size());
  HWY_DYNAMIC_DISPATCH(adam)(arguments);
}

void divide_buffer(std::span<const float> sum, float divisor, std::span<float> gradient) {
  assert(sum.size() == gradient.size());
  HWY_DYNAMIC_DISPATCH(divide)(sum, divisor, gradient);
}

bool all_finite(std::span<const float> values) { return HWY_DYNAMIC_DISPATCH(finite)(values); }

}  // namespace lockstep

#endif  // HWY_ONCE
