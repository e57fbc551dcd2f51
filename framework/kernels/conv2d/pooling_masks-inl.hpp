// 2x2 pooling of vectors that are still in registers, and what its backward pass needs to know: for
// each window and tap a mask of 16 bits for the lanes through which the gradient flows, or the
// values, if averages follow tanh or sigmoid. Highway's re-inclusion pattern, hence the guard.

#if defined(LOCKSTEP_KERNELS_POOLING_MASKS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_POOLING_MASKS_INL
#undef LOCKSTEP_KERNELS_POOLING_MASKS_INL
#else
#define LOCKSTEP_KERNELS_POOLING_MASKS_INL
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "framework/kernels/activation-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

inline constexpr std::size_t kTaps = 4;  // of a window, in (ky, kx) order
inline constexpr float kQuarter = 0.25F;

using Mask = hn::Mask<D>;

/// One window of one block, and one part of its lanes. `saved` holds, for each window, kTaps masks
/// of 16 bits or kTaps vectors of 16 lanes.
template <class Float>
struct SavedWindow {
  Float* saved;
  std::size_t window;
  std::size_t part;

  HWY_INLINE Float* values(std::size_t tap) const {
    return saved + (window * kTaps + tap) * kLanes + part * kWidth;
  }
  /// First byte of a tap's mask.
  HWY_INLINE auto* mask(std::size_t tap) const {
    using Byte = std::conditional_t<std::is_const_v<Float>, const std::uint8_t, std::uint8_t>;
    return reinterpret_cast<Byte*>(saved) + (window * kTaps + tap) * 2;
  }
};

using PooledWindow = SavedWindow<float>;
using ReadWindow = SavedWindow<const float>;

/// Parts are stored in order, starting with the first.
HWY_INLINE void store_mask(Mask mask, const PooledWindow& at, std::size_t tap) {
  if constexpr (kWidth >= 8) {
    hn::StoreMaskBits(D(), mask, at.mask(tap) + at.part * kWidth / 8);
  } else {
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(D(), mask, bits);
    const std::size_t first = at.part * kWidth;
    std::uint8_t* byte = at.mask(tap) + first / 8;
    const auto shifted = static_cast<std::uint8_t>(bits[0] << (first % 8));
    *byte = first % 8 == 0 ? shifted : static_cast<std::uint8_t>(*byte | shifted);
  }
}

/// Loads 32 bits at once, the masks of two taps; a broadcast and a test select one.
HWY_INLINE Mask load_mask(const ReadWindow& at, std::size_t tap) {
  const hn::RebindToUnsigned<D> of_bits;
  std::uint32_t taps = 0;
  std::memcpy(&taps, at.mask(tap / 2 * 2), sizeof(taps));
  const auto first = static_cast<std::uint32_t>(tap % 2 * kLanes + at.part * kWidth);
  const auto bits = hn::Shl(hn::Set(of_bits, 1U), hn::Iota(of_bits, first));
  return hn::RebindMask(D(), hn::TestBit(hn::Set(of_bits, taps), bits));
}

/// The mean of a window's activations of x.
template <Activation kActivation>
HWY_INLINE V average_window(const V (&x)[kTaps], const PooledWindow& at, bool keep) {
  V y[kTaps];
  unroll<0, kTaps>([&](auto t) LOCKSTEP_INLINE_LAMBDA {
    if constexpr (kActivation == Activation::relu) {
      const Mask positive = hn::Gt(x[t], hn::Zero(D()));
      y[t] = hn::IfThenElseZero(positive, x[t]);
      if (keep) store_mask(positive, at, t);
    } else {
      y[t] = activate<kActivation>(x[t]);
      if (keep && kActivation != Activation::none) hn::Store(y[t], D(), at.values(t));
    }
  });
  const V sum = hn::Add(hn::Add(hn::Add(y[0], y[1]), y[2]), y[3]);
  return hn::Mul(sum, hn::Set(D(), kQuarter));
}

/// The greatest of a window's activations of x. Of equal values the first wins; a NaN wins over all
/// numbers.
template <Activation kActivation>
HWY_INLINE V maximum_window(const V (&x)[kTaps], const PooledWindow& at, bool keep) {
  V y[kTaps];
  for (std::size_t t = 0; t < kTaps; ++t) y[t] = activate<kActivation>(x[t]);
  V best = y[0];
  Mask wins[kTaps];
  for (std::size_t t = 1; t < kTaps; ++t) {
    const auto first_nan = hn::AndNot(hn::Eq(y[t], y[t]), hn::Eq(best, best));
    wins[t] = hn::Or(hn::Gt(y[t], best), first_nan);
    best = hn::IfThenElse(wins[t], y[t], best);
  }
  if (!keep) return best;
  Mask later = hn::MaskFromVec(hn::Zero(D()));
  const auto passes = [&](Mask winner) {
    if constexpr (kActivation == Activation::relu) {
      return hn::And(winner, hn::Gt(best, hn::Zero(D())));
    } else {
      return winner;
    }
  };
  for (std::size_t t = kTaps; --t > 0;) {
    store_mask(passes(hn::AndNot(later, wins[t])), at, t);
    later = hn::Or(later, wins[t]);
  }
  store_mask(passes(hn::Not(later)), at, 0);
  return best;
}

/// The gradients of one window before activation and pooling; g is the gradient of the pooled value
/// y.
template <Activation kActivation>
HWY_INLINE void average_window_gradient(V g, const ReadWindow& at, V (&before)[kTaps]) {
  const V share = fused(g, hn::Set(D(), kQuarter), hn::Zero(D()));
  for (std::size_t t = 0; t < kTaps; ++t) {
    if constexpr (kActivation == Activation::none) {
      before[t] = share;
    } else if constexpr (kActivation == Activation::relu) {
      before[t] = hn::IfThenElseZero(load_mask(at, t), share);
    } else {
      before[t] = activation_gradient<kActivation>(hn::Load(D(), at.values(t)), share);
    }
  }
}

template <Activation kActivation>
HWY_INLINE void maximum_window_gradient(V y, V g, const ReadWindow& at, V (&before)[kTaps]) {
  V routed = hn::Add(hn::Zero(D()), g);
  if constexpr (kActivation != Activation::relu) {  // the masks of relu already include this
    routed = activation_gradient<kActivation>(y, routed);
  }
  for (std::size_t t = 0; t < kTaps; ++t) {
    before[t] = hn::IfThenElseZero(load_mask(at, t), routed);
  }
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
