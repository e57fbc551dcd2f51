#include "framework/training/training_setup.hpp"

#include <cmath>

namespace lockstep {

bool Rhythm::is_due(Index step, Index steps_per_epoch) const {
  if (every_steps > 0) return step % every_steps == 0;
  if (every_epochs <= 0) return false;
  // A period that is whole up to rounding (1.1 epochs of 100 steps) ends exactly on its step.
  constexpr double kRounding = 1e-9;
  const double period = every_epochs * static_cast<double>(steps_per_epoch);
  const auto periods = [&](Index steps) {
    return std::floor(static_cast<double>(steps) / period + kRounding);
  };
  return periods(step) > periods(step - 1);
}

}  // namespace lockstep
