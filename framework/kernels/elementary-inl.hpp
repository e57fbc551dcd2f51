// exp, log, tanh and sigmoid on vectors: the vector twin of framework/core/elementary.hpp, which
// states the steps. Each lane has the bits of the scalar function, on every instruction set.

#if defined(LOCKSTEP_KERNELS_ELEMENTARY_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_ELEMENTARY_INL
#undef LOCKSTEP_KERNELS_ELEMENTARY_INL
#else
#define LOCKSTEP_KERNELS_ELEMENTARY_INL
#endif

#include <hwy/highway.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "framework/core/elementary.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

using UnsignedTag = hn::RebindToUnsigned<D>;
using SignedTag = hn::RebindToSigned<D>;
using Bits = hn::Vec<UnsignedTag>;

HWY_INLINE V constant(float value) { return hn::Set(D(), value); }
HWY_INLINE Bits bits_of(V x) { return hn::BitCast(UnsignedTag(), x); }
HWY_INLINE V float_of(Bits bits) { return hn::BitCast(D(), bits); }

/// y, and NaN where x is NaN.
HWY_INLINE V keep_nan(V x, V y) {
  const V nan = float_of(hn::Set(UnsignedTag(), 0x7fc00000U));
  return hn::IfThenElse(hn::Eq(x, x), y, nan);  // Highway's Ne is ordered on some targets
}

template <std::size_t kCount>
HWY_INLINE V horner(const std::array<float, kCount>& terms, V x) {
  V sum = constant(terms[kCount - 1]);
  for (std::size_t i = kCount - 1; i-- > 0;) sum = fused(sum, x, constant(terms[i]));
  return sum;
}

/// exp(x) = (1 + s) 2^n, with n already moved to the exponent's place.
struct ReducedExp {
  V s;
  Bits shift;
};

HWY_INLINE ReducedExp reduce_exp(V x) {
  const V t = fused(x, constant(elementary::kLog2E), constant(elementary::kRounder));
  const V n = hn::Sub(t, constant(elementary::kRounder));
  const V high = fused(n, constant(-elementary::kLn2High), x);
  const V r = fused(n, constant(-elementary::kLn2Low), high);
  const V s = fused(hn::Mul(r, r), horner(elementary::kExpTerms, r), r);
  return {s, hn::ShiftLeft<23>(bits_of(t))};
}

HWY_INLINE V scaled_exp(const ReducedExp& reduced) {
  return float_of(hn::Add(bits_of(hn::Add(constant(1.0F), reduced.s)), reduced.shift));
}

HWY_INLINE V exp(V x) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  V y = scaled_exp(reduce_exp(x));
  y = hn::IfThenElse(hn::Lt(x, constant(elementary::kExpSmallest)), hn::Zero(D()), y);
  y = hn::IfThenElse(hn::Gt(x, constant(elementary::kExpLargest)), constant(kInfinity), y);
  return keep_nan(x, y);
}

HWY_INLINE V log(V x) {
  const V infinity = constant(std::numeric_limits<float>::infinity());
  const V nan = float_of(hn::Set(UnsignedTag(), 0x7fc00000U));
  const auto denormal = hn::Lt(x, constant(elementary::kSmallestNormal));
  const Bits bits =
      bits_of(hn::IfThenElse(denormal, hn::Mul(x, constant(elementary::kLogLift)), x));
  const Bits offset = hn::Set(UnsignedTag(), std::uint32_t{elementary::kLogOffset});
  const auto k = hn::ShiftRight<23>(hn::BitCast(SignedTag(), hn::Sub(bits, offset)));
  const Bits exponent = hn::BitCast(UnsignedTag(), hn::ShiftLeft<23>(k));
  const V f = hn::Sub(float_of(hn::Sub(bits, exponent)), constant(1.0F));
  V e = hn::ConvertTo(D(), k);
  e = hn::IfThenElse(denormal, hn::Sub(e, constant(23.0F)), e);
  const V l = fused(hn::Mul(f, f), horner(elementary::kLogTerms, f), f);
  V y = fused(e, constant(elementary::kLn2), l);
  y = hn::IfThenElse(hn::Eq(x, infinity), infinity, y);
  y = hn::IfThenElse(hn::Eq(x, hn::Zero(D())), hn::Neg(infinity), y);
  y = hn::IfThenElse(hn::Lt(x, hn::Zero(D())), nan, y);
  return keep_nan(x, y);
}

HWY_INLINE V tanh(V x) {
  const V one = constant(1.0F);
  const Bits sign = hn::And(bits_of(x), hn::Set(UnsignedTag(), 0x80000000U));
  const V a = float_of(hn::And(bits_of(x), hn::Set(UnsignedTag(), 0x7fffffffU)));
  const V u = hn::Mul(a, a);
  const V e = scaled_exp(reduce_exp(hn::Mul(constant(2.0F), a)));
  V y = hn::Sub(one, hn::Div(constant(2.0F), hn::Add(e, one)));
  y = hn::IfThenElse(hn::Gt(a, constant(elementary::kTanhSaturation)), one, y);
  const V small = fused(hn::Mul(a, u), horner(elementary::kTanhTerms, u), a);
  y = hn::IfThenElse(hn::Lt(a, constant(elementary::kTanhSmall)), small, y);
  return keep_nan(x, float_of(hn::Or(bits_of(y), sign)));
}

HWY_INLINE V sigmoid(V x) {
  const V one = constant(1.0F);
  const V zero = hn::Zero(D());
  const auto negative = hn::Lt(x, zero);
  const V a = float_of(hn::And(bits_of(x), hn::Set(UnsignedTag(), 0x7fffffffU)));
  const ReducedExp reduced = reduce_exp(hn::Neg(a));
  const V scale = float_of(hn::Add(bits_of(one), reduced.shift));
  const V g = hn::Mul(scale, reduced.s);
  const V z = hn::Add(scale, g);
  const V z_lost = hn::Sub(g, hn::Sub(z, scale));
  const V d = hn::Add(one, z);
  const V d_lost = hn::Add(hn::Sub(z, hn::Sub(d, one)), z_lost);
  const V top = hn::IfThenElse(negative, z, one);
  const V top_lost = hn::IfThenElse(negative, z_lost, zero);
  const V w = hn::Div(one, d);
  const V y0 = hn::Mul(top, w);
  const V minus = hn::Neg(y0);
  const V miss = hn::Add(fused(minus, d_lost, fused(minus, d, top)), top_lost);
  V y = fused(miss, w, y0);
  const V saturated = hn::IfThenElse(negative, zero, one);
  y = hn::IfThenElse(hn::Gt(a, constant(-elementary::kExpSmallest)), saturated, y);
  return keep_nan(x, y);
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard
