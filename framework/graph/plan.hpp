#pragma once

#include <cstddef>
#include <vector>

#include "framework/graph/graph.hpp"

namespace lockstep {

/// What a plan is made for: inference keeps nothing for a backward pass.
enum class PlanPurpose { training, inference };

/// A view's place in a workspace, before there is any memory.
struct PlannedView {
  std::size_t offset = 0;  ///< floats
  std::size_t features = 0;
  bool whole = false;    ///< (feature, m) instead of (block, feature, 16)
  bool present = false;  ///< false where a gradient is not needed
};

/// Where one node finds everything.
struct PlannedStep {
  std::size_t node = 0;
  PlannedView output;
  PlannedView output_gradient;
  /// One an input: where this node writes the gradient of what it read.
  std::vector<PlannedView> input_gradients;
  std::size_t saved_offset = 0;
  std::size_t saved_size = 0;
  std::size_t scratch_size = 0;
  /// The other gradients of this node's output, when several layers read it: they are added to
  /// `output_gradient`, in the order of the readers, before this node's backward runs.
  std::vector<PlannedView> further_gradients;
  bool runs_backward = false;
};

/// The list of steps of a graph for one micro-batch size, with all memory placed once.
///
/// Every workspace of `workspace_size()` floats is packed at 64 bytes.
class Plan {
 public:
  Plan(const Graph& graph, Index micro_batch, PlanPurpose purpose);

  const Graph& graph() const { return graph_; }
  Index micro_batch() const { return micro_batch_; }
  PlanPurpose purpose() const { return purpose_; }

  const PlannedView& input() const { return input_; }
  const std::vector<PlannedStep>& steps() const { return steps_; }
  std::size_t workspace_size() const { return workspace_size_; }
  std::size_t scratch_offset() const { return scratch_offset_; }

 private:
  const Graph& graph_;
  Index micro_batch_;
  PlanPurpose purpose_;
  PlannedView input_;
  std::vector<PlannedStep> steps_;
  std::size_t workspace_size_ = 0;
  std::size_t scratch_offset_ = 0;

  void place_values();
  void place_gradients();
  std::size_t allocate(std::size_t floats);
  PlannedView allocate_like(const PlannedView& view);
  const PlannedView& value(std::size_t number) const;
};

}  // namespace lockstep
