#pragma once

#include <cstddef>
#include <string_view>

#include "framework/core/lane_view.hpp"
#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

// Beyond these shares a layer passes hardly any gradient. `check` and the monitor of a training use
// the same limits.

/// Share of a rectifier's units.
inline constexpr double kDeadShare = 0.9;
/// Share of a squashing function's outputs.
inline constexpr double kSaturatedShare = 0.5;

/// What one batch shows of a layer's output. A figure that the layer does not have is NaN.
///
/// A unit is a channel of an image or an output of a dense layer.
struct ActivationFigures {
  double rms = kNotMeasured;
  double mean = kNotMeasured;
  /// The root mean square, over features, of the standard deviation between samples: how far
  /// samples can be told apart.
  double spread = kNotMeasured;
  double zero_share = kNotMeasured;       ///< of values that are zero
  double dead_share = kNotMeasured;       ///< relu: of units that are positive for no sample
  double saturated_share = kNotMeasured;  ///< squashing functions: of values within 2 % of a bound
};

struct ActivationBatch {
  ConstLaneView values;
  std::size_t samples = 0;  ///< at least one, in the first lanes; the other lanes are ignored
  std::string_view type{};  ///< of the layer whose output it is
  std::size_t units = 1;    ///< equal stretches of features
};

/// Sums are in double: over blocks within each of the 16 lanes, then over lanes, then over
/// features.
ActivationFigures activation_figures(const ActivationBatch& batch);

}  // namespace lockstep
