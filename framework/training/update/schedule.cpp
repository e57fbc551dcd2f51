#include "framework/training/update/schedule.hpp"

#include <cassert>
#include <cmath>
#include <numbers>

#include "framework/core/elementary.hpp"

namespace lockstep {
namespace {

double whole_periods(Index step, Index period) {
  const Index periods = step / period;
  return static_cast<double>(periods);
}

double after_warmup(const ScheduleSettings& settings, Index step, Index steps) {
  const auto done = static_cast<double>(step);
  const double progress = done / static_cast<double>(steps);
  const double fall = 1.0 - settings.final_fraction;
  switch (settings.type) {
    case ScheduleSettings::Type::constant:
      return 1.0;
    case ScheduleSettings::Type::step:
      return elementary::pow(settings.factor, whole_periods(step, settings.every_steps));
    case ScheduleSettings::Type::exponential:
      return elementary::pow(settings.factor, done / static_cast<double>(settings.every_steps));
    case ScheduleSettings::Type::cosine:
      return settings.final_fraction +
             fall * (1.0 + elementary::cos(std::numbers::pi * progress)) / 2.0;
    case ScheduleSettings::Type::one_cycle:
      return settings.final_fraction + fall * (1.0 - progress);
  }
  assert(false);
  return 1.0;
}

}  // namespace

Index warmup_steps(const ScheduleSettings& settings, Index total_steps) {
  if (settings.warmup_steps > 0) return settings.warmup_steps;
  return static_cast<Index>(std::round(settings.warmup * static_cast<double>(total_steps)));
}

float learning_rate(const ScheduleSettings& settings, Index step, Index total_steps) {
  assert(step >= 0 && step < total_steps);
  const Index warmup = warmup_steps(settings, total_steps);
  double fraction = 0;
  if (step < warmup) {
    const double progress = static_cast<double>(step) / static_cast<double>(warmup);
    fraction = settings.initial_fraction + (1.0 - settings.initial_fraction) * progress;
  } else {
    fraction = after_warmup(settings, step - warmup, total_steps - warmup);
  }
  return static_cast<float>(settings.peak * fraction);
}

bool depends_on_total_steps(const ScheduleSettings& settings) {
  if (settings.type == ScheduleSettings::Type::cosine) return true;
  if (settings.type == ScheduleSettings::Type::one_cycle) return true;
  return settings.warmup_steps == 0 && settings.warmup > 0;
}

}  // namespace lockstep
