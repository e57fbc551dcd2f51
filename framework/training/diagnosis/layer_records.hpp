#pragma once

#include <span>
#include <vector>

#include "framework/graph/parameter_store.hpp"
#include "framework/training/diagnosis/activation_figures.hpp"
#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// A network as one training step left it. Flat buffers are in the order of the layout.
struct TrainedStep {
  const Graph& graph;
  const ParameterLayout& layout;
  std::span<const float> before;    ///< values before the step
  std::span<const float> now;       ///< values after it
  std::span<const float> gradient;  ///< the mean gradient that the update followed, after clipping
};

/// @param activations  one entry per layer, computed with the values after the step
std::vector<LayerRecord> layer_records(const TrainedStep& step,
                                       std::span<const ActivationFigures> activations);

}  // namespace lockstep
