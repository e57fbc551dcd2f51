#pragma once

#include "framework/core/shape.hpp"

namespace lockstep {

/// The learning rate as a function of the step. See `learning_rate` for the formulas.
struct ScheduleSettings {
  enum class Type { constant, step, exponential, cosine, one_cycle };

  Type type = Type::constant;
  double peak = 0.1;  ///< the highest rate: what is left when warm-up is over

  /// Warm-up takes `warmup` of the run's steps (a fraction in [0, 1]), rounded to the nearest
  /// number, or `warmup_steps` where that is not 0. Only one of the two is set.
  double warmup = 0;
  Index warmup_steps = 0;
  double initial_fraction = 0.1;  ///< of the peak: where warm-up begins

  double final_fraction = 0;  ///< cosine, one_cycle: of the peak, reached after the last step
  double factor = 0.1;        ///< step, exponential: what `every_steps` steps multiply the rate by
  Index every_steps = 1;      ///< step, exponential

  friend bool operator==(const ScheduleSettings&, const ScheduleSettings&) = default;
};

/// The learning rate of one step, in float32 as the optimizers use it.
///
/// Steps count from 0: step s is the update that makes s + 1 steps done. With N = total_steps and
/// W = warm-up steps:
///
///   s < W:        peak * (initial + (1 - initial) * s / W)     initial = initial_fraction
///   s >= W, with u = s - W and t = u / (N - W):
///   constant      peak
///   step          peak * factor^floor(u / every_steps)
///   exponential   peak * factor^(u / every_steps)
///   cosine        peak * (final + (1 - final) * (1 + cos(pi * t)) / 2)     final = final_fraction
///   one_cycle     peak * (final + (1 - final) * (1 - t))
///
/// Computed in double with the functions of core/elementary and rounded to float32 once, so the
/// bits depend on the arguments alone. cosine and one_cycle would reach peak * final at s = N,
/// the step after the last.
///
/// @param step         in [0, total_steps)
/// @param total_steps  at least 1; used by cosine, one_cycle and a fractional warm-up only
float learning_rate(const ScheduleSettings& settings, Index step, Index total_steps);

/// Steps of warm-up in a run of `total_steps`; `warmup_steps` may exceed them.
Index warmup_steps(const ScheduleSettings& settings, Index total_steps);

/// Whether the rate at a step changes with the length of the run: then a run that is made longer
/// cannot keep the bits it has.
bool depends_on_total_steps(const ScheduleSettings& settings);

}  // namespace lockstep
