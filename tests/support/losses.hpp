#pragma once

// Losses for tests of everything that needs one.

#include <memory>

#include "framework/losses/loss.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep::testing {

/// Softmax cross entropy.
inline const Loss& cross_entropy() {
  static const std::unique_ptr<const Loss> loss = make_loss(Value::mapping());
  return *loss;
}

/// The same with label smoothing of 0.1.
inline const Loss& smoothed_cross_entropy() {
  static const auto loss = make_loss(parse_settings({{"label_smoothing", "0.1"}}));
  return *loss;
}

}  // namespace lockstep::testing
