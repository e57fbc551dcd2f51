#pragma once

#include <array>
#include <cstdint>

/// Elementary functions whose bits are ours: the same on every machine, compiler and optimisation
/// level, as long as products and sums are not contracted and rounding is to nearest.
///
/// Pure functions; any thread may call them. NaN in gives the quiet NaN 0x7fc00000 (float) out.
///
/// The float functions are straight lines of + - * / fma, comparisons, selects and integer
/// operations on bits, so that a vector version runs the very same steps on each lane and gives
/// the same bits: framework/kernels/elementary-inl.hpp is that twin. Change both or neither, and
/// count `arithmetic_version` up: every trained result changes with them.
///
/// In the steps below `fma` rounds once, every other operation rounds to nearest, `bits` is the
/// float's pattern as uint32 (all integer arithmetic wraps), and Horner(k, v) over coefficients
/// k[0..N) is h = k[N-1], then h = fma(h, v, k[i]) for i = N-2 down to 0. A value that a later
/// select discards may be infinite or NaN on the way; it never reaches a conversion to integer.
///
/// The coefficients come from tests/framework/core/elementary_coefficients.py. The errors stated
/// are the largest over all floats for the float functions, over millions of draws for the double
/// ones.
namespace lockstep::elementary {

/// @name exp, float
///
/// Reduction, used by exp, tanh and sigmoid; x = n ln 2 + r, |r| <= 0.3467, exp(r) = 1 + s:
///   t = fma(x, kLog2E, kRounder)      n = t - kRounder
///   r = fma(n, -kLn2High, x)          r = fma(n, -kLn2Low, r)
///   s = fma(r * r, Horner(kExpTerms, r), r)
///   shift = bits(t) << 23             (n times 2^23: adds n to an exponent)
/// exp(x):
///   y = float whose bits are bits(1 + s) + shift
///   y = x < kExpSmallest ? +0 : y     (results below 2^-126 are +0 by definition: no denormals)
///   y = x > kExpLargest ? +inf : y
///   y = x != x ? NaN : y
/// @{
inline constexpr float kLog2E = 0x1.715476p+0F;
inline constexpr float kRounder = 0x1.8p+23F;  ///< adding it leaves the nearest integer in low bits
inline constexpr float kLn2High = 0x1.62e430p-1F;
inline constexpr float kLn2Low = -0x1.05c610p-29F;
inline constexpr float kExpSmallest = -0x1.5d589ep+6F;  ///< -87.33654
inline constexpr float kExpLargest = 0x1.62e42ep+6F;    ///< 88.72283
inline constexpr std::array<float, 6> kExpTerms = {0x1.000000p-1F,  0x1.55553cp-3F,
                                                   0x1.5554f2p-5F,  0x1.11372cp-7F,
                                                   0x1.6d40aap-10F, 0x1.6b683ap-13F};
/// @}

/// @name log, float
///
/// x = m 2^e with m in [2/3, 4/3), f = m - 1:
///   v = x < 2^-126 ? x * kLogLift : x          (a denormal becomes normal, exactly)
///   k = (bits(v) - kLogOffset) >> 23, as a signed number, arithmetic shift
///   f = (float whose bits are bits(v) - (k << 23)) - 1
///   e = k as float (exact);  e = x < 2^-126 ? e - 23 : e
///   l = fma(f * f, Horner(kLogTerms, f), f)
///   y = fma(e, kLn2, l)
///   y = x == +inf ? +inf : y;  y = x == 0 ? -inf : y;  y = x < 0 ? NaN : y;  y = x != x ? NaN : y
/// @{
inline constexpr float kSmallestNormal = 0x1p-126F;
inline constexpr float kLogLift = 0x1p+23F;
inline constexpr std::uint32_t kLogOffset = 0x3f2aaaab;  ///< bits of 2/3
inline constexpr float kLn2 = 0x1.62e430p-1F;
inline constexpr std::array<float, 9> kLogTerms = {
    -0x1.000000p-1F, 0x1.5554eep-2F,  -0x1.ffffd8p-3F, 0x1.99db10p-3F, -0x1.556e90p-3F,
    0x1.1e2880p-3F,  -0x1.f8ac44p-4F, 0x1.21bab2p-3F,  -0x1.f64272p-4F};
/// @}

/// @name tanh, float
///
///   a = |x|   u = a * a
///   s, shift: the reduction of exp at 2 * a;  e = float whose bits are bits(1 + s) + shift
///   y = 1 - 2 / (e + 1)
///   y = a > kTanhSaturation ? 1 : y
///   y = a < kTanhSmall ? fma(a * u, Horner(kTanhTerms, u), a) : y
///   y = y with the sign bit of x;  y = x != x ? NaN : y
/// Hence exactly odd, tanh(-0) = -0, and tanh(x) = x for tiny and denormal x.
/// @{
inline constexpr float kTanhSmall = 0.55F;
inline constexpr float kTanhSaturation = 10.0F;
inline constexpr std::array<float, 5> kTanhTerms = {
    -0x1.555550p-2F, 0x1.110e0ep-3F, -0x1.b94220p-5F, 0x1.59c988p-6F, -0x1.9d1e5ep-8F};
/// @}

/// @name sigmoid, float
///
/// 1 / (1 + exp(-x)) through z = exp(-|x|), with what rounding z and 1 + z lost carried along:
///   a = |x|;  s, shift: the reduction of exp at -a
///   scale = float whose bits are bits(1) + shift
///   g = scale * s    z = scale + g    z_lost = g - (z - scale)
///   d = 1 + z        d_lost = (z - (d - 1)) + z_lost
///   top = x < 0 ? z : 1               top_lost = x < 0 ? z_lost : +0
///   w = 1 / d        y0 = top * w
///   miss = fma(-y0, d_lost, fma(-y0, d, top)) + top_lost
///   y = fma(miss, w, y0)
///   y = a > -kExpSmallest ? (x < 0 ? +0 : 1) : y
///   y = x != x ? NaN : y

/// Within 0.98 ulp where exp(x) is at least 2^-126; below it +0; +inf above kExpLargest.
float exp(float x);

/// Within 0.94 ulp for every positive x, denormal ones included; log(+-0) = -inf, log(x < 0) = NaN.
float log(float x);

/// Within 1.48 ulp for every x; odd; +-1 from about 9.01 on.
float tanh(float x);

/// Within 0.98 ulp for x >= kExpSmallest; below it +0. sigmoid(+-0) = 1/2.
float sigmoid(float x);

/// Within 0.7 ulp; a denormal result within 1.2 units of 2^-1074.
double exp(double x);

/// Within 0.51 ulp for every positive x; log(+-0) = -inf, log(x < 0) = NaN.
double log(double x);

/// Within 0.8 ulp for |x| <= 2^20; NaN beyond.
double sin(double x);

/// Within 0.8 ulp for |x| <= 2^20; NaN beyond.
double cos(double x);

/// base^exponent within 0.7 ulp for base > 0 and a normal result. pow(x, 0) = pow(1, y) = 1;
/// pow(0, y) is 0 or +inf; NaN for base < 0, whatever the exponent but 0.
double pow(double base, double exponent);

}  // namespace lockstep::elementary
