// Vectors of up to 16 lanes for the kernels, compiled once for each instruction set (Highway's
// re-inclusion pattern, hence the guard). A kernel's 16 lanes are kParts vectors of kWidth lanes.

#if defined(LOCKSTEP_KERNELS_VECTOR_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_VECTOR_INL
#undef LOCKSTEP_KERNELS_VECTOR_INL
#else
#define LOCKSTEP_KERNELS_VECTOR_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "framework/core/lane_view.hpp"
#include "framework/core/share.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kLanes>;
using V = hn::Vec<D>;

inline constexpr std::size_t kWidth = hn::MaxLanes(D());
inline constexpr std::size_t kParts = kLanes / kWidth;
/// Whether there are 32 registers, so that 24 accumulators fit beside their operands.
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

/// Keeps a loaded vector in its register. Otherwise GCC prefers to load it again as an operand of
/// each multiply-add that uses it, and the loads then take longer than the arithmetic.
HWY_INLINE void keep_in_register([[maybe_unused]] V& vector) {
#if HWY_NATIVE_FMA && HWY_ARCH_X86
  asm("" : "+v"(vector.raw));  // NOLINT(hicpp-no-assembler)
#endif
}

/// Four floats on any target, the building block of transpositions.
using Quad = float __attribute__((vector_size(16)));

HWY_INLINE Quad load_quad(const float* from) {
  Quad quad;
  std::memcpy(&quad, from, sizeof(quad));
  return quad;
}

HWY_INLINE void store_quad(Quad quad, float* to) { std::memcpy(to, &quad, sizeof(quad)); }

/// Turns rows into columns.
HWY_INLINE void transpose(Quad (&rows)[4]) {
  const Quad low01 = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
  const Quad high01 = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
  const Quad low23 = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
  const Quad high23 = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
  rows[0] = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
  rows[1] = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
  rows[2] = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
  rows[3] = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

/// Folds sums of 16 lanes each, one after the other: l += l + 8, then + 4, + 2, + 1. Takes four
/// sums at a time, so that the last two additions are of whole vectors as well.
inline void fold_lanes(const float* HWY_RESTRICT lanes, std::span<float> sums) {
  for (std::size_t first = 0; first < sums.size(); first += 4) {
    const std::size_t count = std::min<std::size_t>(4, sums.size() - first);
    Quad folded[4] = {};
    for (std::size_t i = 0; i < count; ++i) {
      const float* HWY_RESTRICT from = lanes + (first + i) * kLanes;
      folded[i] =
          (load_quad(from) + load_quad(from + 8)) + (load_quad(from + 4) + load_quad(from + 12));
    }
    transpose(folded);
    const Quad sum = (folded[0] + folded[2]) + (folded[1] + folded[3]);
    std::memcpy(sums.data() + first, &sum, count * sizeof(float));
  }
}

/// For lambdas of the inner loops, which become part of the function around them.
#define LOCKSTEP_INLINE_LAMBDA HWY_ATTR __attribute__((always_inline))

template <std::size_t... kIndices, class Run>
HWY_INLINE void unroll_indices(std::index_sequence<kIndices...> /*indices*/, const Run& run) {
  (run(std::integral_constant<std::size_t, kIndices>()), ...);
}

/// Calls run(i) for i in [kFirst, kEnd), where each i is a constant. What it subscripts is
/// therefore a register and not an array in memory, whatever the compiler does with the loops and
/// branches around it.
template <std::size_t kFirst, std::size_t kEnd, class Run>
HWY_INLINE void unroll(const Run& run) {
  unroll_indices(std::make_index_sequence<kEnd - kFirst>(), [&](auto i) LOCKSTEP_INLINE_LAMBDA {
    run(std::integral_constant<std::size_t, kFirst + i>());
  });
}

/// Calls run.operator()<first, end>() for the part of [begin, end) that lies in [0, kCount), if
/// any. The bounds are constants, so that accumulators selected by them stay in registers.
template <std::size_t kCount, class Run>
HWY_INLINE void for_range(std::ptrdiff_t begin, std::ptrdiff_t end, const Run& run) {
  static_assert(kCount == 1 || kCount == 2 || kCount == 4);
  const auto first = static_cast<std::size_t>(std::max<std::ptrdiff_t>(begin, 0));
  const auto last = static_cast<std::size_t>(
      std::clamp<std::ptrdiff_t>(end, 0, static_cast<std::ptrdiff_t>(kCount)));
  if (first >= last) return;
  if constexpr (kCount == 1) {
    run.template operator()<0, 1>();
  } else if constexpr (kCount == 2) {
    if (first == 1) return run.template operator()<1, 2>();
    if (last == 1) return run.template operator()<0, 1>();
    run.template operator()<0, 2>();
  } else {
    switch (first * 8 + last) {
      case 0 * 8 + 1:
        return run.template operator()<0, 1>();
      case 0 * 8 + 2:
        return run.template operator()<0, 2>();
      case 0 * 8 + 3:
        return run.template operator()<0, 3>();
      case 0 * 8 + 4:
        return run.template operator()<0, 4>();
      case 1 * 8 + 2:
        return run.template operator()<1, 2>();
      case 1 * 8 + 3:
        return run.template operator()<1, 3>();
      case 1 * 8 + 4:
        return run.template operator()<1, 4>();
      case 2 * 8 + 3:
        return run.template operator()<2, 3>();
      case 2 * 8 + 4:
        return run.template operator()<2, 4>();
      default:
        return run.template operator()<3, 4>();
    }
  }
}

/// task.run<size>(first)
template <std::size_t kMost, class Task>
HWY_INLINE void run_tile(std::size_t size, std::size_t first, const Task& task) {
  if constexpr (kMost > 1) {
    if (size < kMost) return run_tile<kMost - 1>(size, first, task);
  }
  task.template run<kMost>(first);
}

/// Calls task.run<N>(first) for consecutive tiles of N <= kMost items, as few and as equal as
/// possible, until `items` are covered. The size of a tile is a constant, so that its accumulators
/// stay in registers.
template <std::size_t kMost, class Task>
HWY_INLINE void for_tiles(IndexRange items, const Task& task) {
  const std::size_t tiles = (items.size() + kMost - 1) / kMost;
  for (std::size_t tile = 0, first = items.first; tile < tiles; ++tile) {
    const std::size_t size = (items.last - first) / (tiles - tile);
    run_tile<kMost>(size, first, task);
    first += size;
  }
}

template <std::size_t kMost, class Task>
HWY_INLINE void for_tiles(std::size_t count, const Task& task) {
  for_tiles<kMost>(IndexRange{0, count}, task);
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
