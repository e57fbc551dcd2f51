#pragma once

#include <string>
#include <vector>

#include "framework/graph/graph.hpp"
#include "framework/training/diagnosis/examined_batch.hpp"

namespace lockstep {

/// A parameter tensor's gradient against what the loss does when the tensor moves along it.
struct GradientCheck {
  std::string layer;
  std::string tensor;
  double norm = 0;   ///< of the gradient of the mean loss, and hence the loss's slope along it
  double slope = 0;  ///< the loss's, by central differences

  /// Their difference as a part of the norm; 0 for a gradient that is too small to be seen in
  /// losses of float32.
  double error() const;
};

/// One entry per tensor. Losses are computed in float32 and added in double: they tell a slope to
/// some thousandths, kinks of rectifiers aside.
std::vector<GradientCheck> check_gradients(const Graph& graph, const Examination& request);

}  // namespace lockstep
