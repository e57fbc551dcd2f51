#include "framework/kernels/reduce.hpp"

#include <cassert>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/reduce.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

void add(std::span<const float> left, std::span<const float> right, std::span<float> output) {
  std::size_t i = 0;
  for (; i + kWidth <= output.size(); i += kWidth) {
    const V sum = hn::Add(hn::LoadU(D(), left.data() + i), hn::LoadU(D(), right.data() + i));
    hn::StoreU(sum, D(), output.data() + i);
  }
  for (; i < output.size(); ++i) output[i] = left[i] + right[i];
}

void scale(std::span<const float> input, float factor, std::span<float> output) {
  std::size_t i = 0;
  for (; i + kWidth <= output.size(); i += kWidth) {
    const V product = hn::Mul(hn::LoadU(D(), input.data() + i), hn::Set(D(), factor));
    hn::StoreU(product, D(), output.data() + i);
  }
  for (; i < output.size(); ++i) output[i] = input[i] * factor;
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(add);
HWY_EXPORT(scale);

void add_buffers(std::span<const float> left, std::span<const float> right,
                 std::span<float> output) {
  assert(left.size() == output.size() && right.size() == output.size());
  HWY_DYNAMIC_DISPATCH(add)(left, right, output);
}

void scale_buffer(std::span<const float> input, float factor, std::span<float> output) {
  assert(input.size() == output.size());
  HWY_DYNAMIC_DISPATCH(scale)(input, factor, output);
}

}  // namespace lockstep

#endif  // HWY_ONCE
