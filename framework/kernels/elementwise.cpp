#include "framework/kernels/elementwise.hpp"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/elementwise.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// output = operation(left, right)
template <V (*kOperation)(V, V)>
void combine(const ConstLaneView& left, const ConstLaneView& right, const LaneView& output) {
  for (std::size_t block = 0; block < output.blocks; ++block) {
    for (std::size_t feature = 0; feature < output.features; ++feature) {
      const float* a = left.at(feature, block);
      const float* b = right.at(feature, block);
      float* to = output.at(feature, block);
      for (std::size_t l = 0; l < kLanes; l += kWidth) {
        hn::Store(kOperation(hn::Load(D(), a + l), hn::Load(D(), b + l)), D(), to + l);
      }
    }
  }
}

HWY_INLINE V sum(V a, V b) { return hn::Add(a, b); }
HWY_INLINE V kept(V x, V factor) {
  return hn::IfThenZeroElse(hn::Eq(factor, hn::Zero(D())), hn::Mul(x, factor));
}

void add(const ConstLaneView& left, const ConstLaneView& right, const LaneView& output) {
  combine<sum>(left, right, output);
}

void scale_kept(const ConstLaneView& input, const ConstLaneView& factor, const LaneView& output) {
  combine<kept>(input, factor, output);
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

HWY_EXPORT(add);
HWY_EXPORT(scale_kept);

void copy_lanes(ConstLaneView input, LaneView output) {
  assert(alike(input, output));
  for (std::size_t block = 0; block < input.blocks; ++block) {
    for (std::size_t feature = 0; feature < input.features; ++feature) {
      std::copy_n(input.at(feature, block), kLanes, output.at(feature, block));
    }
  }
}

void add_lanes(ConstLaneView left, ConstLaneView right, LaneView output) {
  assert(alike(left, output) && alike(right, output));
  HWY_DYNAMIC_DISPATCH(add)(left, right, output);
}

void accumulate_lanes(ConstLaneView term, LaneView total) { add_lanes(total, term, total); }

void scale_kept_lanes(ConstLaneView input, ConstLaneView factor, LaneView output) {
  assert(alike(input, output) && alike(factor, output));
  HWY_DYNAMIC_DISPATCH(scale_kept)(input, factor, output);
}

}  // namespace lockstep

#endif  // HWY_ONCE
