#include "framework/core/initializer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <iterator>

#include "framework/core/random.hpp"

namespace lockstep {

namespace {

using Kind = Initializer::Kind;

constexpr std::array<std::string_view, 10> kNames = {
    "constant",      "uniform",    "normal",    "truncated_normal", "glorot_uniform",
    "glorot_normal", "he_uniform", "he_normal", "lecun_uniform",    "lecun_normal"};

constexpr double kTruncation = 2.0;  // standard deviations

double scaling_variance(Kind kind, const InitializeRequest& request) {
  assert(request.fan_in > 0 && request.fan_out > 0);
  const auto fan_in = static_cast<double>(request.fan_in);
  const auto fan_out = static_cast<double>(request.fan_out);
  switch (kind) {
    case Kind::glorot_uniform:
    case Kind::glorot_normal:
      return 2.0 / (fan_in + fan_out);
    case Kind::he_uniform:
    case Kind::he_normal:
      return 2.0 / fan_in;
    default:
      return 1.0 / fan_in;
  }
}

/// The uniform or normal distribution that a scaling family amounts to for this request.
Initializer resolved(const Initializer& initializer, const InitializeRequest& request) {
  switch (initializer.kind) {
    case Kind::constant:
    case Kind::uniform:
    case Kind::normal:
    case Kind::truncated_normal:
      return initializer;
    case Kind::glorot_uniform:
    case Kind::he_uniform:
    case Kind::lecun_uniform: {
      const double limit = std::sqrt(3.0 * scaling_variance(initializer.kind, request));
      return {.kind = Kind::uniform, .low = -limit, .high = limit};
    }
    case Kind::glorot_normal:
    case Kind::he_normal:
    case Kind::lecun_normal:
      break;
  }
  return {.kind = Kind::normal,
          .standard_deviation = std::sqrt(scaling_variance(initializer.kind, request))};
}

/// Uniform in (0, 1), for one attempt at one element.
double draw(const RandomStream& stream, std::uint64_t element, std::uint32_t attempt) {
  const RandomWords words = stream.words(static_cast<std::uint32_t>(element & 0xffffffffU),
                                         static_cast<std::uint32_t>(element >> 32U), attempt);
  return open_unit(words[0], words[1]);
}

double truncated_draw(const RandomStream& stream, std::uint64_t element) {
  for (std::uint32_t attempt = 0;; ++attempt) {  // one attempt in 22 is refused
    const double z = normal_quantile(draw(stream, element, attempt));
    if (std::abs(z) <= kTruncation) return z;
  }
}

double element_value(const Initializer& initializer, const RandomStream& stream,
                     std::uint64_t element) {
  switch (initializer.kind) {
    case Kind::constant:
      return initializer.value;
    case Kind::uniform:
      return initializer.low + (initializer.high - initializer.low) * draw(stream, element, 0);
    case Kind::truncated_normal:
      return initializer.mean + initializer.standard_deviation * truncated_draw(stream, element);
    default:
      return initializer.mean +
             initializer.standard_deviation * normal_quantile(draw(stream, element, 0));
  }
}

}  // namespace

std::string_view initializer_name(Initializer::Kind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<Initializer::Kind> initializer_kind(std::string_view name) {
  const auto* const found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Kind>(std::distance(kNames.begin(), found));
}

std::span<const std::string_view> initializer_names() { return kNames; }

void initialize(const Initializer& initializer, const InitializeRequest& request,
                std::span<float> values) {
  const Initializer distribution = resolved(initializer, request);
  assert(distribution.low <= distribution.high && distribution.standard_deviation >= 0.0);
  const RandomStream stream(request.seed, {"initialize", request.layer, request.tensor});
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(element_value(distribution, stream, i));
  }
}

}  // namespace lockstep
