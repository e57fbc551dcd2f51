// Loops over flat buffers, element by element, in whole vectors. Compiled once for each instruction
// set, like vector-inl.hpp.

#if defined(LOCKSTEP_KERNELS_STRETCHES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_STRETCHES_INL
#undef LOCKSTEP_KERNELS_STRETCHES_INL
#else
#define LOCKSTEP_KERNELS_STRETCHES_INL
#endif

#include <cstddef>
#include <cstring>

#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

/// step(load, store) for all stretches of kWidth elements, of which the last may be shorter: then
/// what is loaded beyond the end is 1, and what is stored there is dropped.
///
///   for_stretches(size, [&](const auto& load, const auto& store) LOCKSTEP_INLINE_LAMBDA {
///     store(load(x) + factor * load(y), x);   // x, y: float*; factor: V
///   });
///
/// The vectors' + - * / round once each, like the same operators of floats.
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

/// The same number in all lanes.
HWY_INLINE V of(float value) { return hn::Set(D(), value); }

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
