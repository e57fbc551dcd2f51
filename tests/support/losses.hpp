#pragma once

// Losses for tests of everything that needs one.

#include <memory>

#include "framework/losses/loss.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep::testing {

/// Softmax cross entropy.
inline const Loss& cross_entropy() {
  static const std::unique_ptr<const Loss> kLoss = make_loss(Value::mapping());
  return *kLoss;
}

/// The same with label smoothing of 0.1.
inline const Loss& smoothed_cross_entropy() {
  static const auto kLoss = make_loss(parse_settings({{"label_smoothing", "0.1"}}));
  return *kLoss;
}

}  // namespace lockstep::testing
