#pragma once

#include <memory>
#include <span>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/graph/parameter_store.hpp"
#include "framework/graph/plan.hpp"

namespace lockstep {

/// The forward pass of one sample alone, without lanes, for the lowest latency. It gives the same
/// bits as a lane of MicroBatchPass outside training. For a layer without a kernel of its own for
/// this (Layer::for_one_sample) it computes a block of 16 lanes.
///
/// Parameters are bound and laid out anew at construction. Nothing is allocated later.
/// Threading contract: one thread at a time; different objects are independent.
class OneSamplePass {
 public:
  /// @param graph       outlives this
  /// @param parameters  flat, as stored (scales are applied here); not kept after construction
  OneSamplePass(const Graph& graph, const ParameterLayout& layout,
                std::span<const float> parameters);

  /// Features in order. To be filled before each `forward`.
  std::span<float> input() { return input_; }
  void forward();
  std::span<const float> output() const { return output_; }

 private:
  struct Step {
    std::unique_ptr<OneSampleForward> forward;
    std::vector<std::span<const float>> inputs;
    std::span<float> output;
  };

  Plan plan_;
  AlignedBuffer<float> scaled_;  ///< parameters
  AlignedBuffer<float> memory_;
  std::span<float> input_;
  std::span<const float> output_;
  std::vector<Step> steps_;

  std::span<float> bind(const PlannedView& planned);
  Step bind_step(const PlannedStep& planned, const ParameterLayout& layout);
};

}  // namespace lockstep
