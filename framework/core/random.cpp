#include "framework/core/random.hpp"

#include <Random123/philox.h>

#include <cassert>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "framework/core/digest.hpp"
#include "framework/core/elementary.hpp"

namespace lockstep {

namespace {

void update_with_number(DigestStream& stream, std::uint64_t number) {
  std::array<std::byte, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(number >> (8 * i) & 0xffU);
  }
  stream.update(bytes);
}

/// Numerator and denominator of one of AS 241's three rational functions, lowest power first.
struct Rational {
  std::array<double, 8> over;
  std::array<double, 8> under;
};

constexpr Rational kCentre = {
    .over = {3.3871328727963666080e+0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
             1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
             3.3430575583588128105e+4, 2.5090809287301226727e+3},
    .under = {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
              2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
              5.2264952788528545610e+3}};

constexpr Rational kTail = {
    .over = {1.42343711074968357734e+0, 4.63033784615654529590e+0, 5.76949722146069140550e+0,
             3.64784832476320460504e+0, 1.27045825245236838258e+0, 2.41780725177450611770e-1,
             2.27238449892691845833e-2, 7.74545014278341407640e-4},
    .under = {1.0, 2.05319162663775882187e+0, 1.67638483018380384940e+0, 6.89767334985100004550e-1,
              1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
              1.05075007164441684324e-9}};

constexpr Rational kFarTail = {
    .over = {6.65790464350110377720e+0, 5.46378491116411436990e+0, 1.78482653991729133580e+0,
             2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
             2.71155556874348757815e-5, 2.01033439929228813265e-7},
    .under = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
              7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
              2.04426310338993978564e-15}};

double polynomial(const std::array<double, 8>& terms, double x) {
  double sum = terms.back();
  for (std::size_t i = terms.size() - 1; i-- > 0;) sum = sum * x + terms[i];
  return sum;
}

/// The quantile of the upper tail with this probability, 0 < tail <= 0.075.
double upper_quantile(double tail) {
  const double r = std::sqrt(-elementary::log(tail));
  const Rational& part = r <= 5.0 ? kTail : kFarTail;
  const double x = r <= 5.0 ? r - 1.6 : r - 5.0;
  return polynomial(part.over, x) / polynomial(part.under, x);
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::initializer_list<std::string_view> names) {
  DigestStream stream;
  update_with_number(stream, seed);
  for (const std::string_view name : names) {
    update_with_number(stream, name.size());
    stream.update(std::as_bytes(std::span(name)));
  }
  const std::uint64_t hash = stream.finish64();
  key_ = {static_cast<std::uint32_t>(hash & 0xffffffffU), static_cast<std::uint32_t>(hash >> 32U)};
}

RandomWords RandomStream::words(std::uint32_t a, std::uint32_t b, std::uint32_t c,
                                std::uint32_t d) const {
  return philox({a, b, c, d}, key_);
}

RandomWords philox(const RandomWords& counter, const std::array<std::uint32_t, 2>& key) {
  const r123::Philox4x32::ctr_type in = {{counter[0], counter[1], counter[2], counter[3]}};
  const r123::Philox4x32::ctr_type out = r123::Philox4x32()(in, {{key[0], key[1]}});
  return {out[0], out[1], out[2], out[3]};
}

double normal_quantile(double p) {
  assert(p >= 0.0 && p <= 1.0);
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return polynomial(kCentre.over, r) * q / polynomial(kCentre.under, r);
  }
  const double tail = q < 0.0 ? p : 1.0 - p;
  const double upper = tail > 0.0 ? upper_quantile(tail) : std::numeric_limits<double>::infinity();
  return q < 0.0 ? -upper : upper;
}

}  // namespace lockstep
