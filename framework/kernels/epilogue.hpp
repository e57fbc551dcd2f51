#pragma once

// What a kernel does to its sums before it stores them, instead of a separate pass over memory.

#include <optional>

namespace lockstep {

enum class Activation { none, relu, tanh, sigmoid };

/// Over windows of 2 x 2 that do not overlap; an odd last row or column is left out.
enum class Pooling { none, average, maximum };

/// The activation comes first, then the pooling.
struct Epilogue {
  Activation activation = Activation::none;
  Pooling pooling = Pooling::none;

  /// This epilogue followed by another one; nothing if that changes the order of activation and
  /// pooling.
  std::optional<Epilogue> then(const Epilogue& next) const {
    if (pooling != Pooling::none) return {};
    if (next.activation == Activation::none) return Epilogue{activation, next.pooling};
    if (activation != Activation::none) return {};
    return next;
  }
};

}  // namespace lockstep
