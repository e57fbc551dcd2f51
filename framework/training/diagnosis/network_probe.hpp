#pragma once

#include <string>
#include <vector>

#include "framework/graph/graph.hpp"
#include "framework/training/diagnosis/examined_batch.hpp"
#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// What one batch shows of a layer. A figure that the layer does not have is NaN.
///
/// Spreads and shares are as in ActivationFigures.
struct LayerFigures {
  std::string layer;
  std::string type;
  double input_spread = kNotMeasured;
  double output_spread = kNotMeasured;
  double output_rms = kNotMeasured;
  double gradient_rms = kNotMeasured;  ///< derivative of the mean loss by the output
  double weight_rms = kNotMeasured;    ///< of the weights as the layer sees them: scale applied
  double weight_gradient_rms = kNotMeasured;  ///< by the stored weights; never clipped
  double bias_mean = kNotMeasured;
  double dead_share = kNotMeasured;
  double saturated_share = kNotMeasured;
  bool has_equal_units = false;  ///< see weight_figures.hpp
  bool is_finite = true;
};

struct NetworkFigures {
  double loss = 0;  ///< mean over the batch
  double input_rms = 0;
  std::vector<double> input_mean;  ///< per channel
  std::vector<double> input_std;   ///< per channel
  std::vector<LayerFigures> layers;
};

/// Runs one batch forward and backward, layer by layer. Any thread. Sums are in double, in the
/// order of samples within features.
NetworkFigures probe_network(const Graph& graph, const Examination& request);

}  // namespace lockstep
