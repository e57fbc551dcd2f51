#include "framework/graph/plan.hpp"

#include <algorithm>
#include <cassert>

#include "framework/core/lane_view.hpp"

namespace lockstep {
namespace {

// Whether the network's input is best laid out whole: when its first reader with a wish says so.
bool input_is_whole(const Graph& graph) {
  for (const GraphNode& node : graph.nodes()) {
    const bool reads_input =
        std::find(node.inputs.begin(), node.inputs.end(), 0U) != node.inputs.end();
    const LaneExtent extent = node.layer->lane_extent();
    if (reads_input && extent != LaneExtent::any) return extent == LaneExtent::whole;
  }
  return false;
}

// For each value, whether a parameter lies upstream of it.
std::vector<bool> values_with_gradient(const Graph& graph) {
  std::vector<bool> needed = {false};
  for (const GraphNode& node : graph.nodes()) {
    const bool upstream = std::any_of(node.inputs.begin(), node.inputs.end(),
                                      [&](std::size_t input) { return needed[input]; });
    needed.push_back(upstream || !node.parameters.empty());
  }
  return needed;
}

}  // namespace

Plan::Plan(const Graph& graph, Index micro_batch, PlanPurpose purpose)
    : graph_(graph), micro_batch_(micro_batch), purpose_(purpose) {
  assert(micro_batch > 0 && micro_batch % static_cast<Index>(kLanes) == 0);
  place_values();
  if (purpose == PlanPurpose::training) place_gradients();
  std::size_t scratch = 0;
  for (const PlannedStep& step : steps_) scratch = std::max(scratch, step.scratch_size);
  scratch_offset_ = allocate(purpose == PlanPurpose::training ? scratch : 0);
}

void Plan::place_values() {
  const auto place = [this](const Shape& shape, bool whole) {
    return allocate_like({.offset = 0,
                          .features = static_cast<std::size_t>(shape.size()),
                          .whole = whole,
                          .present = true});
  };
  input_ = place(graph_.input_shape(), input_is_whole(graph_));
  for (std::size_t i = 0; i < graph_.nodes().size(); ++i) {
    const GraphNode& node = graph_.nodes()[i];
    const LaneExtent extent = node.layer->lane_extent();
    const bool whole =
        extent == LaneExtent::any ? value(node.inputs.front()).whole : extent == LaneExtent::whole;
    const Workspace workspace = node.layer->workspace(node.input_shapes, micro_batch_);
    PlannedStep step;
    step.node = i;
    step.output = place(node.output_shape, whole);
    step.saved_size = static_cast<std::size_t>(workspace.saved);
    step.saved_offset = allocate(step.saved_size);
    step.scratch_size = static_cast<std::size_t>(workspace.scratch);
    steps_.push_back(std::move(step));
  }
}

void Plan::place_gradients() {
  const std::vector<bool> needed = values_with_gradient(graph_);
  steps_.back().output_gradient = allocate_like(steps_.back().output);
  for (PlannedStep& step : steps_) {
    const GraphNode& node = graph_.nodes()[step.node];
    step.runs_backward = needed[step.node + 1];
    for (const std::size_t input : node.inputs) {
      if (!needed[input]) {
        step.input_gradients.emplace_back();
        continue;
      }
      const PlannedView gradient = allocate_like(value(input));
      step.input_gradients.push_back(gradient);
      PlannedStep& producer = steps_[input - 1];
      if (producer.output_gradient.present) {
        producer.further_gradients.push_back(gradient);
      } else {
        producer.output_gradient = gradient;
      }
    }
  }
}

std::size_t Plan::allocate(std::size_t floats) {
  const std::size_t offset = workspace_size_;
  workspace_size_ += (floats + kLanes - 1) / kLanes * kLanes;
  return offset;
}

PlannedView Plan::allocate_like(const PlannedView& view) {
  PlannedView placed = view;
  placed.offset = allocate(view.features * static_cast<std::size_t>(micro_batch_));
  placed.present = true;
  return placed;
}

const PlannedView& Plan::value(std::size_t number) const {
  return number == 0 ? input_ : steps_[number - 1].output;
}

}  // namespace lockstep
