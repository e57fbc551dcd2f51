#pragma once

// What a kernel does to its sums before it stores them, instead of a pass of its own over memory.

namespace lockstep {

enum class Activation { none, relu, tanh, sigmoid };

/// Over windows of 2 x 2 that do not overlap; an odd last row or column is left out.
enum class Pooling { none, average, maximum };

/// First the activation, then the pooling.
struct Epilogue {
  Activation activation = Activation::none;
  Pooling pooling = Pooling::none;
};

}  // namespace lockstep
