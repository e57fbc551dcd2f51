#include "framework/core/elementary.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace lockstep::elementary {

namespace {

// ------------------------------------------------------------------------------------------------
// float
// ------------------------------------------------------------------------------------------------

constexpr float kFloatInfinity = std::numeric_limits<float>::infinity();
constexpr float kFloatNan = std::bit_cast<float>(0x7fc00000U);

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }
float magnitude(float x) { return float_of(bits_of(x) & 0x7fffffffU); }

template <class Number, std::size_t kCount>
Number horner(const std::array<Number, kCount>& terms, Number x) {
  Number sum = terms[kCount - 1];
  for (std::size_t i = kCount - 1; i-- > 0;) sum = std::fma(sum, x, terms[i]);
  return sum;
}

/// exp(x) = (1 + s) 2^n, with n already moved to the exponent's place.
struct ReducedExp {
  float s;
  std::uint32_t shift;
};

ReducedExp reduce_exp(float x) {
  const float t = std::fma(x, kLog2E, kRounder);
  const float n = t - kRounder;
  const float r = std::fma(n, -kLn2Low, std::fma(n, -kLn2High, x));
  return {.s = std::fma(r * r, horner(kExpTerms, r), r), .shift = bits_of(t) << 23U};
}

// ------------------------------------------------------------------------------------------------
// double
// ------------------------------------------------------------------------------------------------

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::bit_cast<double>(0x7ff8000000000000U);
constexpr double kDoubleRounder = 0x1.8p+52;

/// The nearest integer, for |x| < 2^51.
double nearest(double x) { return (x + kDoubleRounder) - kDoubleRounder; }

/// An unevaluated sum of two doubles, low at most half an ulp of high: about 106 bits.
struct Pair {
  double high;
  double low;
};

/// a + b exactly, for |a| >= |b| or a = 0.
Pair fast_sum(double a, double b) {
  const double sum = a + b;
  return {.high = sum, .low = b - (sum - a)};
}

/// a + b exactly (Knuth).
Pair exact_sum(double a, double b) {
  const double sum = a + b;
  const double share = sum - a;
  return {.high = sum, .low = (a - (sum - share)) + (b - share)};
}

Pair exact_product(double a, double b) {
  const double product = a * b;
  return {.high = product, .low = std::fma(a, b, -product)};
}

Pair product(Pair a, Pair b) {
  const Pair exact = exact_product(a.high, b.high);
  return fast_sum(exact.high, exact.low + std::fma(a.high, b.low, a.low * b.high));
}

Pair sum(Pair a, Pair b) {
  const Pair exact = exact_sum(a.high, b.high);
  return fast_sum(exact.high, exact.low + (a.low + b.low));
}

/// x 2^n for n in [-1076, 1024], rounded once, in two factors that are normal numbers.
double scaled(double x, std::int64_t n) {
  const auto power = [](std::int64_t k) {
    return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52U);
  };
  const std::int64_t half = n / 2;
  return x * power(half) * power(n - half);
}

/// 1 / 3!, 1 / 4!, ... 1 / 14!: exp(r) = 1 + r + r^2/2 + r^3 (...) on |r| <= 0.347. The terms left
/// out are below 2^-61.
constexpr std::array<double, 12> kExpSeries = {
    1.0 / 6,          1.0 / 24,          1.0 / 120,           1.0 / 720,
    1.0 / 5040,       1.0 / 40320,       1.0 / 362'880,       1.0 / 3'628'800,
    1.0 / 39'916'800, 1.0 / 479'001'600, 1.0 / 6'227'020'800, 1.0 / 87'178'291'200};

/// exp(x.high + x.low).
double exp_of(Pair x) {
  constexpr double kLog2OfE = 0x1.71547652b82fep+0;
  constexpr double kHigh = 0x1.62e42fefa3800p-1;  // ln 2; n times it is exact
  constexpr double kLow = 0x1.ef35793c76730p-45;
  if (x.high > 0x1.62e42fefa39efp+9) return kInfinity;
  if (x.high < -0x1.74910d52d3052p+9) return 0.0;
  const double n = nearest(x.high * kLog2OfE);
  const Pair part = exact_sum(std::fma(n, -kHigh, x.high), std::fma(n, -kLow, x.low));
  const double r = part.high;
  const double tail = part.low + r * r * std::fma(r, horner(kExpSeries, r), 0.5);
  const Pair first = fast_sum(1.0, r);
  return scaled(first.high + (first.low + tail), static_cast<std::int64_t>(n));
}

/// 1/7, 1/9, ... 1/29: log(m) = 2 (s + s^3/3 + s^5/5 + s^7 (...)), s = (m-1)/(m+1), |s| <= 0.1716.
constexpr std::array<double, 12> kLogSeries = {1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13,
                                               1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21,
                                               1.0 / 23, 1.0 / 25, 1.0 / 27, 1.0 / 29};

/// log(m) to about 2^-68 of itself, for m in [sqrt(1/2), sqrt(2)).
Pair log_of_mantissa(double m) {
  constexpr Pair kThird = {.high = 0x1.5555555555555p-2, .low = 0x1.5555555555555p-56};
  constexpr Pair kFifth = {.high = 0x1.999999999999ap-3, .low = -0x1.999999999999ap-57};
  const double above = m - 1.0;
  const Pair below = exact_sum(m, 1.0);
  const double quotient = above / below.high;
  const double miss = std::fma(-quotient, below.high, above) - quotient * below.low;
  const Pair s = fast_sum(quotient, miss / below.high);
  const Pair square = product(s, s);
  const Pair last = exact_product(square.high, horner(kLogSeries, square.high));
  const Pair inner = sum(kThird, product(square, sum(kFifth, last)));
  const Pair half = sum(s, product(s, product(square, inner)));
  return {.high = 2 * half.high, .low = 2 * half.low};
}

/// log(x) to about 2^-68 of itself, for finite x > 0.
Pair log_pair(double x) {
  constexpr double kHigh = 0x1.62e42fefa3800p-1;  // ln 2; k times it is exact
  constexpr double kLow = 0x1.ef35793c76730p-45;
  constexpr std::uint64_t kRootHalf = 0x3fe6a09e667f3bcd;
  const bool denormal = x < 0x1p-1022;
  const auto bits = std::bit_cast<std::uint64_t>(denormal ? x * 0x1p+54 : x);
  const std::int64_t k = static_cast<std::int64_t>(bits - kRootHalf) >> 52;
  const Pair mantissa =
      log_of_mantissa(std::bit_cast<double>(bits - (static_cast<std::uint64_t>(k) << 52U)));
  const auto exponent = static_cast<double>(denormal ? k - 54 : k);
  return sum({.high = exponent * kHigh, .low = exponent * kLow}, mantissa);
}

/// x = quadrant pi/2 + rest, |rest| <= pi/4, in three parts of pi/2 (Cody and Waite). The first
/// fma is exact: its result is a multiple of 2^-53 below 1. The parts hold pi/2 to 2^-163.
struct ReducedAngle {
  std::int64_t quadrant;
  Pair rest;
};

ReducedAngle reduce_angle(double x) {
  constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
  constexpr double kFirst = 0x1.921fb54442d18p+0;
  constexpr double kSecond = 0x1.1a62633145c07p-54;
  constexpr double kThird = -0x1.f1976b7ed8fbcp-110;
  const double n = nearest(x * kTwoOverPi);
  const Pair second = exact_product(n, kSecond);
  const Pair rest = exact_sum(std::fma(-n, kFirst, x), -second.high);
  return {.quadrant = static_cast<std::int64_t>(n) & 3,
          .rest = fast_sum(rest.high, std::fma(-n, kThird, rest.low - second.low))};
}

constexpr std::array<double, 8> kSinSeries = {  // from x^5 on
    1.0 / 120,
    -1.0 / 5040,
    1.0 / 362'880,
    -1.0 / 39'916'800,
    1.0 / 6'227'020'800,
    -1.0 / 1'307'674'368'000,
    1.0 / 355'687'428'096'000,
    -1.0 / 121'645'100'408'832'000};

constexpr std::array<double, 8> kCosSeries = {  // from x^4 on
    1.0 / 24,
    -1.0 / 720,
    1.0 / 40320,
    -1.0 / 3'628'800,
    1.0 / 479'001'600,
    -1.0 / 87'178'291'200,
    1.0 / 20'922'789'888'000,
    -1.0 / 6'402'373'705'728'000};

double sin_near_zero(Pair x) {
  const double square = x.high * x.high;
  const double cube = square * x.high;
  const double rest =
      cube * square * horner(kSinSeries, square) + std::fma(-0.5 * square, x.low, x.low);
  return x.high + std::fma(cube, -1.0 / 6, rest);
}

double cos_near_zero(Pair x) {
  const double square = x.high * x.high;
  const double half = 0.5 * square;
  const double first = 1.0 - half;
  const double lost = (1.0 - first) - half;
  return first + (lost + (square * square * horner(kCosSeries, square) - x.high * x.low));
}

/// sin(x + turn pi/2).
double sin_turned(double x, std::int64_t turn) {
  if (!(std::abs(x) <= 0x1p+20)) return kNan;
  const ReducedAngle angle = reduce_angle(x);
  const std::int64_t quadrant = angle.quadrant + turn;
  const double value = (quadrant & 1) == 0 ? sin_near_zero(angle.rest) : cos_near_zero(angle.rest);
  return (quadrant & 2) == 0 ? value : -value;
}

}  // namespace

float exp(float x) {
  const ReducedExp reduced = reduce_exp(x);
  float y = float_of(bits_of(1.0F + reduced.s) + reduced.shift);
  y = x < kExpSmallest ? 0.0F : y;
  y = x > kExpLargest ? kFloatInfinity : y;
  return x != x ? kFloatNan : y;
}

float log(float x) {
  const bool denormal = x < kSmallestNormal;
  const std::uint32_t bits = bits_of(denormal ? x * kLogLift : x);
  const std::int32_t k = static_cast<std::int32_t>(bits - kLogOffset) >> 23;
  const float f = float_of(bits - (static_cast<std::uint32_t>(k) << 23U)) - 1.0F;
  auto e = static_cast<float>(k);
  e = denormal ? e - 23.0F : e;
  float y = std::fma(e, kLn2, std::fma(f * f, horner(kLogTerms, f), f));
  y = x == kFloatInfinity ? kFloatInfinity : y;
  y = x == 0.0F ? -kFloatInfinity : y;
  y = x < 0.0F ? kFloatNan : y;
  return x != x ? kFloatNan : y;
}

float tanh(float x) {
  const float a = magnitude(x);
  const float u = a * a;
  const ReducedExp reduced = reduce_exp(2.0F * a);
  const float e = float_of(bits_of(1.0F + reduced.s) + reduced.shift);
  float y = 1.0F - 2.0F / (e + 1.0F);
  y = a > kTanhSaturation ? 1.0F : y;
  y = a < kTanhSmall ? std::fma(a * u, horner(kTanhTerms, u), a) : y;
  y = float_of(bits_of(y) | (bits_of(x) & 0x80000000U));
  return x != x ? kFloatNan : y;
}

float sigmoid(float x) {
  const float a = magnitude(x);
  const ReducedExp reduced = reduce_exp(-a);
  const float scale = float_of(bits_of(1.0F) + reduced.shift);
  const float g = scale * reduced.s;
  const float z = scale + g;
  const float z_lost = g - (z - scale);
  const float d = 1.0F + z;
  const float d_lost = (z - (d - 1.0F)) + z_lost;
  const float top = x < 0.0F ? z : 1.0F;
  const float top_lost = x < 0.0F ? z_lost : 0.0F;
  const float w = 1.0F / d;
  const float y0 = top * w;
  const float miss = std::fma(-y0, d_lost, std::fma(-y0, d, top)) + top_lost;
  float y = std::fma(miss, w, y0);
  y = a > -kExpSmallest ? (x < 0.0F ? 0.0F : 1.0F) : y;
  return x != x ? kFloatNan : y;
}

double exp(double x) { return x != x ? kNan : exp_of({.high = x, .low = 0.0}); }

double log(double x) {
  if (x == 0.0) return -kInfinity;
  if (!(x > 0.0)) return kNan;
  return x == kInfinity ? kInfinity : log_pair(x).high;
}

double sin(double x) { return x == 0.0 ? x : sin_turned(x, 0); }

double cos(double x) { return sin_turned(x, 1); }

double pow(double base, double exponent) {
  if (exponent == 0.0 || base == 1.0) return 1.0;
  if (!(base >= 0.0) || exponent != exponent) return kNan;
  if (base == 0.0 || base == kInfinity) return (base == 0.0) == (exponent > 0.0) ? 0.0 : kInfinity;
  const Pair logarithm = log_pair(base);
  const Pair power = exact_product(exponent, logarithm.high);
  if (!(std::abs(power.high) < 0x1p+10)) return power.high > 0.0 ? kInfinity : 0.0;
  return exp_of(fast_sum(power.high, std::fma(exponent, logarithm.low, power.low)));
}

}  // namespace lockstep::elementary
