#pragma once

#include <span>

#include "framework/core/aligned_buffer.hpp"
#include "framework/graph/one_sample_pass.hpp"
#include "framework/losses/loss.hpp"
#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// Class probabilities of one sample after the other, with the lowest latency: parameters are bound
/// once, and a prediction allocates nothing. The bits are those of Evaluator::probabilities, which
/// is faster for many samples.
///
/// Threading contract: one thread at a time; different objects are independent.
class Predictor {
 public:
  /// @param graph, loss  outlive this
  /// @param parameters   flat, as stored; not kept
  Predictor(const Graph& graph, const ParameterLayout& layout, std::span<const float> parameters,
            const Loss& loss);

  /// @param features  (C, H, W) as the network reads them: scaled and normalised
  /// @return one per class, valid until the next call
  std::span<const float> probabilities(std::span<const float> features);

  /// The same for a sample of a data set.
  std::span<const float> probabilities(const Dataset& dataset, Index sample);

 private:
  const Loss& loss_;
  OneSamplePass pass_;
  AlignedBuffer<float> memory_;
  LaneView gathered_;
  LaneView outputs_;
  LaneView probability_lanes_;
  std::span<float> probabilities_;

  std::span<const float> predict();
};

}  // namespace lockstep
