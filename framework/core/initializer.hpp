#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "framework/core/shape.hpp"

namespace lockstep {

/// How the values of a parameter are drawn at the start. The scaling families have mean 0 and a
/// variance that follows from the layer's fans:
///
///   glorot  2 / (fan_in + fan_out)    he  2 / fan_in    lecun  1 / fan_in
///
/// as a plain normal (not a truncated one), or uniform between -+ sqrt(3 variance).
/// @see Glorot and Bengio 2010; He et al. 2015; LeCun et al. 1998, "Efficient BackProp"
struct Initializer {
  enum class Kind {
    constant,          ///< value
    uniform,           ///< between low and high
    normal,            ///< mean, standard_deviation
    truncated_normal,  ///< normal, drawn again beyond two standard deviations from the mean
    glorot_uniform,
    glorot_normal,
    he_uniform,
    he_normal,
    lecun_uniform,
    lecun_normal,
  };

  Kind kind = Kind::constant;
  double value = 0.0;               ///< constant
  double low = -1.0;                ///< uniform
  double high = 1.0;                ///< uniform; not below low
  double mean = 0.0;                ///< normal, truncated_normal
  double standard_deviation = 1.0;  ///< normal, truncated_normal; not negative

  friend bool operator==(const Initializer&, const Initializer&) = default;
};

/// The name in model files: "he_normal".
std::string_view initializer_name(Initializer::Kind kind);

/// The kind with this name, or nothing.
std::optional<Initializer::Kind> initializer_kind(std::string_view name);

/// All names, in the order of Kind.
std::span<const std::string_view> initializer_names();

/// What the values are for. Fans are positive; only the scaling families use them.
struct InitializeRequest {
  std::uint64_t seed;
  std::string_view layer;   ///< the layer's name
  std::string_view tensor;  ///< "weight"
  Index fan_in;
  Index fan_out;
};

/// Fills `values`, a parameter's logical values in order. Element i depends on the initializer and
/// on (seed, layer, tensor, i) alone: the counter of a draw is (i, attempt), with i in 64 bits and
/// attempt 0 unless a truncated value was refused. Computed in double and cast once. Any thread; no
/// allocation.
void initialize(const Initializer& initializer, const InitializeRequest& request,
                std::span<float> values);

}  // namespace lockstep
