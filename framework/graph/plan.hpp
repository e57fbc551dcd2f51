#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "framework/graph/graph.hpp"

namespace lockstep {

/// What a plan is made for.
enum class PlanPurpose {
  training,
  /// Keeps nothing for a backward pass, and each value only until it is read. A forward pass leaves
  /// the output alone; the input must be filled anew.
  inference,
  inspection,  ///< as inference, but each layer's output has memory of its own
  diagnosis,   ///< as training, but each layer's output and its gradient have memory of their own
};

/// A view's place in a workspace, before there is any memory.
struct PlannedView {
  std::size_t offset = 0;  ///< floats
  std::size_t features = 0;
  bool whole = false;    ///< (feature, m) instead of (block, feature, 16)
  bool present = false;  ///< false where a gradient is not needed
};

/// One layer, or several that are done in one pass, and where they find their data.
struct PlannedStep {
  const Layer* layer = nullptr;
  std::size_t first_node = 0;  ///< the step has its inputs and parameters
  std::size_t last_node = 0;   ///< the step has its output
  std::vector<PlannedView> inputs;
  PlannedView output;
  PlannedView output_gradient;
  /// One per input: where this step writes the gradient of what it read.
  std::vector<PlannedView> input_gradients;
  std::size_t saved_offset = 0;
  std::size_t saved_size = 0;
  std::size_t scratch_size = 0;
  /// The other gradients of this step's output, when several layers read it: they are added to
  /// `output_gradient`, in the order of the readers, before this step's backward runs.
  std::vector<PlannedView> further_gradients;
  bool runs_backward = false;
};

/// The list of steps of a graph for one micro-batch size, with all memory placed once.
///
/// A layer shares a step with its only reader if the two can be fused (Layer::fused_with). A
/// reshape shares its input's memory and has no step. Every workspace of `workspace_size()` floats
/// is packed at 64 bytes.
class Plan {
 public:
  /// @param micro_batch  a multiple of 16, or 1 for one sample alone without lanes (inference only)
  Plan(const Graph& graph, Index micro_batch, PlanPurpose purpose);

  const Graph& graph() const { return graph_; }
  Index micro_batch() const { return micro_batch_; }
  PlanPurpose purpose() const { return purpose_; }

  const PlannedView& input() const { return values_.front(); }
  const PlannedView& output() const { return values_.back(); }
  /// Present in training and diagnosis only.
  const PlannedView& output_gradient() const { return output_gradient_; }
  const std::vector<PlannedStep>& steps() const { return steps_; }
  std::size_t workspace_size() const { return workspace_size_; }
  std::size_t scratch_offset() const { return scratch_offset_; }

 private:
  const Graph& graph_;
  Index micro_batch_;
  PlanPurpose purpose_;
  std::vector<std::vector<std::size_t>> readers_;  ///< of each value: a node per input
  std::vector<PlannedView> values_;                ///< absent inside a fused step
  std::vector<std::size_t> owners_;  ///< of each value: the value whose memory it is in
  std::vector<PlannedStep> steps_;
  std::vector<std::unique_ptr<const Layer>> fused_layers_;
  PlannedView output_gradient_;
  std::size_t workspace_size_ = 0;
  std::size_t scratch_offset_ = 0;

  bool trains() const;
  bool keeps_layers_apart() const;
  bool shares_input(std::size_t node) const;
  PlannedStep fuse_from(std::size_t node);
  void list_steps();
  bool wants_whole(std::size_t value, bool otherwise) const;
  void lay_out_values();
  void place_apart();
  void place_reusing();
  void hand_out_values();
  void place_gradients();
  PlannedStep& producer_of(std::size_t value);
  std::size_t floats_of(const PlannedView& view) const;
  std::size_t allocate(std::size_t floats);
};

}  // namespace lockstep
