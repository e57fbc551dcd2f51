// Vectors of up to 16 lanes for the kernels, compiled once for each instruction set (Highway's
// re-inclusion pattern, hence the guard). A kernel's 16 lanes are kParts vectors of kWidth lanes.

#if defined(LOCKSTEP_KERNELS_VECTOR_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_VECTOR_INL
#undef LOCKSTEP_KERNELS_VECTOR_INL
#else
#define LOCKSTEP_KERNELS_VECTOR_INL
#endif

#include <hwy/highway.h>

#include <cstddef>

#include "framework/core/lane_view.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kLanes>;
using V = hn::Vec<D>;

inline constexpr std::size_t kWidth = hn::MaxLanes(D());
inline constexpr std::size_t kParts = kLanes / kWidth;
/// Accumulators that fit the registers beside their operands, in vectors.
inline constexpr bool kManyRegisters = kWidth == 16;

static_assert(kWidth * kParts == kLanes);

/// a * b + c, rounded once. Highway's MulAdd rounds twice where the target has no such instruction.
#if HWY_NATIVE_FMA
HWY_INLINE V fused(V a, V b, V c) { return hn::MulAdd(a, b, c); }
#else
HWY_INLINE V fused(V a, V b, V c) {
  HWY_ALIGN float left[kWidth];
  HWY_ALIGN float right[kWidth];
  HWY_ALIGN float sum[kWidth];
  hn::Store(a, D(), left);
  hn::Store(b, D(), right);
  hn::Store(c, D(), sum);
  for (std::size_t l = 0; l < kWidth; ++l) sum[l] = __builtin_fmaf(left[l], right[l], sum[l]);
  return hn::Load(D(), sum);
}
#endif

/// The sum of 16 aligned floats, folded: l += l + 8, then + 4, + 2, + 1.
HWY_INLINE float fold_lanes(const float* HWY_RESTRICT lanes) {
  const hn::CappedTag<float, 8> d8;
  const hn::CappedTag<float, 4> d4;
  HWY_ALIGN float eight[8];
  HWY_ALIGN float four[4];
  for (std::size_t l = 0; l < 8; l += hn::MaxLanes(d8)) {
    hn::Store(hn::Add(hn::Load(d8, lanes + l), hn::Load(d8, lanes + 8 + l)), d8, eight + l);
  }
  for (std::size_t l = 0; l < 4; l += hn::MaxLanes(d4)) {
    hn::Store(hn::Add(hn::Load(d4, eight + l), hn::Load(d4, eight + 4 + l)), d4, four + l);
  }
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/// Calls task.run<N>(first) for consecutive tiles of N <= kMost items until `count` are covered.
/// The size of a tile is a constant, so that its accumulators live in registers.
template <std::size_t kMost, class Task>
HWY_INLINE void for_tiles(std::size_t count, const Task& task) {
  std::size_t first = 0;
  if constexpr (kMost >= 12) {
    for (; first + 12 <= count; first += 12) task.template run<12>(first);
  }
  if constexpr (kMost >= 6) {
    for (; first + 6 <= count; first += 6) task.template run<6>(first);
  }
  if constexpr (kMost >= 4) {
    for (; first + 4 <= count; first += 4) task.template run<4>(first);
  }
  for (; first + 2 <= count; first += 2) task.template run<2>(first);
  if (first < count) task.template run<1>(first);
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
