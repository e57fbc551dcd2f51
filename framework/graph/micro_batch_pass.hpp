#pragma once

#include <span>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/core/lane_view.hpp"
#include "framework/core/share.hpp"
#include "framework/graph/parameter_store.hpp"
#include "framework/graph/plan.hpp"

namespace lockstep {

/// One worker's memory for a plan, and the passes over it. Allocates only when constructed.
///
/// Threading contract: one thread at a time; different objects are independent.
class MicroBatchPass {
 public:
  MicroBatchPass(const Plan& plan, const ParameterLayout& layout);

  /// Sets the number of samples of the next passes, at most the plan's micro-batch. Whole blocks of
  /// 16 lanes are computed; the other blocks are left alone.
  void set_samples(std::size_t samples);

  /// To be filled before each `forward`.
  LaneView input() const { return input_; }
  ConstLaneView output() const { return output_; }
  /// Output of the plan's step i after `forward`. A plan for inference keeps only the last one.
  ConstLaneView output_of(std::size_t step) const { return steps_[step].output; }
  /// The gradient of that output after `backward`; no data where no parameter lies upstream.
  ConstLaneView output_gradient_of(std::size_t step) const { return steps_[step].output_gradient; }
  /// To be filled between `forward` and `backward`: one row per output, lanes as in `output`.
  LaneView output_gradient() const { return output_gradient_; }

  // These run one step of the plan, or a share of it, on the results of the steps before.

  /// @param parameters  flat buffer in the layout given at construction, scales applied
  void bind_parameters(std::span<const float> parameters);
  /// @param gradients  of the parameters in a stretch of the same layout that begins at `first`;
  ///                   their backward steps overwrite every element
  void bind_gradients(std::span<float> gradients, std::size_t first = 0);
  void forward_step(std::size_t number, const PassContext& context, Share share = {}) const;
  /// @param scratch  `scratch()` of a pass that no other thread uses at the time
  void backward_step(std::size_t number, const PassContext& context, std::span<float> scratch,
                     Share share = {}) const;
  std::span<float> scratch() { return memory_.span().subspan(plan_.scratch_offset()); }

  /// @param parameters  flat buffer in the layout given at construction, scales applied
  void forward(std::span<const float> parameters, const PassContext& context);

  /// Overwrites every element of `gradients`, which has the same layout, with the sum over the
  /// samples.
  void backward(std::span<const float> parameters, std::span<float> gradients,
                const PassContext& context);

 private:
  // The arguments of a planned step, bound to this object's memory.
  struct Step {
    const Layer* layer = nullptr;
    std::span<const Shape> shapes;
    std::size_t first_entry = 0;  // of the parameters
    std::vector<ConstLaneView> inputs;
    LaneView output;
    LaneView output_gradient;
    std::vector<LaneView> input_gradients;
    std::vector<LaneView> further_gradients;
    std::vector<std::span<const float>> parameters;
    std::vector<std::span<float>> parameter_gradients;
    std::span<float> saved;
    bool runs_backward = false;
  };

  const Plan& plan_;
  const ParameterLayout& layout_;
  AlignedBuffer<float> memory_;
  LaneView input_;
  LaneView output_;
  LaneView output_gradient_;
  std::vector<Step> steps_;

  LaneView bind(const PlannedView& planned);
  void bind_step(const PlannedStep& planned);
};

}  // namespace lockstep
