#pragma once

#include <string>
#include <vector>

#include "framework/graph/graph.hpp"
#include "framework/training/diagnosis/examined_batch.hpp"

namespace lockstep {

/// A parameter tensor's gradient compared with what the loss does when the tensor moves along it.
struct GradientCheck {
  std::string layer;
  std::string tensor;
  double norm = 0;   ///< of the gradient of the mean loss, and hence the loss's slope along it
  double slope = 0;  ///< the loss's, by central differences

  /// The difference of the two as a share of the norm; 0 for a gradient too small to show in
  /// float32 losses.
  double error() const;
};

/// One entry per tensor. Losses are computed in float32 and added in double: they show a slope to
/// within some thousandths, kinks of rectifiers aside.
std::vector<GradientCheck> check_gradients(const Graph& graph, const Examination& request);

}  // namespace lockstep
