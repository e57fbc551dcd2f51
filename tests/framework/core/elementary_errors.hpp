#pragma once

// How far a function's values are from those of long double.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace lockstep::testing {

inline std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }
inline std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

/// |value - exact| in units of the last place that Number has at `exact`.
template <class Number>
double ulps(Number value, long double exact) {
  using Limits = std::numeric_limits<Number>;
  int exponent = 0;
  std::frexp(exact, &exponent);
  const long double unit =
      std::ldexp(1.0L, std::max(exponent, Limits::min_exponent) - Limits::digits);
  return static_cast<double>(std::abs(static_cast<long double>(value) - exact) / unit);
}

}  // namespace lockstep::testing
