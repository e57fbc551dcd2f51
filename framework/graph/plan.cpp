#include "framework/graph/plan.hpp"

#include <algorithm>
#include <cassert>

#include "framework/core/lane_view.hpp"
#include "framework/graph/memory_reuse.hpp"

namespace lockstep {
namespace {

std::vector<std::vector<std::size_t>> readers_of_values(const Graph& graph) {
  std::vector<std::vector<std::size_t>> readers(graph.nodes().size() + 1);
  for (std::size_t node = 0; node < graph.nodes().size(); ++node) {
    for (const std::size_t input : graph.nodes()[node].inputs) readers[input].push_back(node);
  }
  return readers;
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
    : graph_(graph),
      micro_batch_(micro_batch),
      purpose_(purpose),
      readers_(readers_of_values(graph)),
      values_(graph.nodes().size() + 1) {
  assert(micro_batch > 0 && (micro_batch % static_cast<Index>(kLanes) == 0 ||
                             (micro_batch == 1 && purpose == PlanPurpose::inference)));
  for (std::size_t value = 0; value < values_.size(); ++value) owners_.push_back(value);
  list_steps();
  lay_out_values();
  purpose == PlanPurpose::inference ? place_reusing() : place_apart();
  hand_out_values();
  if (!trains()) return;
  place_gradients();
  std::size_t scratch = 0;
  for (const PlannedStep& step : steps_) scratch = std::max(scratch, step.scratch_size);
  scratch_offset_ = allocate(scratch);
}

bool Plan::trains() const {
  return purpose_ == PlanPurpose::training || purpose_ == PlanPurpose::diagnosis;
}

bool Plan::keeps_layers_apart() const {
  return purpose_ == PlanPurpose::inspection || purpose_ == PlanPurpose::diagnosis;
}

// Whether a node only shows its input, which no other node reads, in another shape.
bool Plan::shares_input(std::size_t node) const {
  const GraphNode& reshape = graph_.nodes()[node];
  return !keeps_layers_apart() && reshape.layer->is_reshape() &&
         readers_[reshape.inputs.front()].size() == 1;
}

// A step for a node and for as many of its successors as can be fused with it.
PlannedStep Plan::fuse_from(std::size_t node) {
  PlannedStep step;
  step.layer = graph_.nodes()[node].layer.get();
  step.first_node = node;
  step.last_node = node;
  while (!keeps_layers_apart() && readers_[step.last_node + 1].size() == 1) {
    const std::size_t next = readers_[step.last_node + 1].front();
    const GraphNode& reader = graph_.nodes()[next];
    if (reader.inputs.size() != 1) break;
    auto fused = step.layer->fused_with(*reader.layer);
    if (!fused) break;
    step.layer = fused.get();
    step.last_node = next;
    fused_layers_.push_back(std::move(fused));
  }
  return step;
}

void Plan::list_steps() {
  std::vector<bool> done(graph_.nodes().size());
  for (std::size_t node = 0; node < graph_.nodes().size(); ++node) {
    if (done[node]) continue;
    if (shares_input(node)) {
      owners_[node + 1] = owners_[graph_.nodes()[node].inputs.front()];
      continue;
    }
    PlannedStep step = fuse_from(node);
    for (std::size_t i = node;; i = readers_[i + 1].front()) {
      done[i] = true;
      if (i == step.last_node) break;
    }
    steps_.push_back(std::move(step));
  }
}

// Whether a value is best laid out whole. The first of its readers that has a preference decides.
bool Plan::wants_whole(std::size_t value, bool otherwise) const {
  for (const std::size_t node : readers_[value]) {
    const LaneExtent extent = graph_.nodes()[node].layer->lane_extent();
    if (extent != LaneExtent::any) return extent == LaneExtent::whole;
    if (shares_input(node)) return wants_whole(node + 1, otherwise);
  }
  return otherwise;
}

void Plan::lay_out_values() {
  const auto lay_out = [&](std::size_t value, bool whole) {
    values_[value] = {.features = static_cast<std::size_t>(graph_.value_shape(value).size()),
                      .whole = whole,
                      .present = true};
  };
  lay_out(0, wants_whole(0, false));
  for (const PlannedStep& step : steps_) {
    const std::size_t input = owners_[graph_.nodes()[step.first_node].inputs.front()];
    const LaneExtent extent = step.layer->lane_extent();
    const bool as_made =
        extent == LaneExtent::any ? values_[input].whole : extent == LaneExtent::whole;
    lay_out(step.last_node + 1, wants_whole(step.last_node + 1, as_made));
  }
}

// Places every value, and what forward saves for backward, in memory of its own.
void Plan::place_apart() {
  values_[0].offset = allocate(floats_of(values_[0]));
  for (PlannedStep& step : steps_) {
    PlannedView& output = values_[step.last_node + 1];
    output.offset = allocate(floats_of(output));
    if (!trains()) continue;
    const Workspace workspace =
        step.layer->workspace(graph_.nodes()[step.first_node].input_shapes, micro_batch_);
    step.scratch_size = static_cast<std::size_t>(workspace.scratch);
    step.saved_size = static_cast<std::size_t>(workspace.saved);
    step.saved_offset = allocate(step.saved_size);
  }
}

// Places every value so that its memory is in use from the step that writes it to the last reader.
void Plan::place_reusing() {
  std::vector<LiveStretch> stretches(values_.size());
  for (std::size_t value = 0; value < values_.size(); ++value) {
    stretches[value].floats = floats_of(values_[value]);
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    LiveStretch& output = stretches[steps_[i].last_node + 1];
    output.first_step = output.last_step = i;
    for (const std::size_t input : graph_.nodes()[steps_[i].first_node].inputs) {
      stretches[owners_[input]].last_step = i;
    }
  }
  stretches[owners_.back()].last_step = steps_.size();
  workspace_size_ = place_stretches(stretches);
  for (std::size_t value = 0; value < values_.size(); ++value) {
    values_[value].offset = stretches[value].offset;
  }
}

// Hands the places to the steps, and to the values that lie in another value's memory.
void Plan::hand_out_values() {
  for (std::size_t value = 0; value < values_.size(); ++value) {
    values_[value] = values_[owners_[value]];
  }
  for (PlannedStep& step : steps_) {
    for (const std::size_t input : graph_.nodes()[step.first_node].inputs) {
      step.inputs.push_back(values_[input]);
    }
    step.output = values_[step.last_node + 1];
  }
}

void Plan::place_gradients() {
  const std::vector<bool> needed = values_with_gradient(graph_);
  const auto gradient_like = [&](PlannedView view) {
    view.offset = allocate(floats_of(view));
    return view;
  };
  output_gradient_ = gradient_like(output());
  if (owners_.back() != 0) producer_of(owners_.back()).output_gradient = output_gradient_;
  for (PlannedStep& step : steps_) {
    step.runs_backward = needed[step.last_node + 1];
    for (const std::size_t input : graph_.nodes()[step.first_node].inputs) {
      if (!needed[input]) {
        step.input_gradients.emplace_back();
        continue;
      }
      const PlannedView gradient = gradient_like(values_[input]);
      step.input_gradients.push_back(gradient);
      PlannedStep& producer = producer_of(owners_[input]);
      if (producer.output_gradient.present) {
        producer.further_gradients.push_back(gradient);
      } else {
        producer.output_gradient = gradient;
      }
    }
  }
}

PlannedStep& Plan::producer_of(std::size_t value) {
  const auto found = std::find_if(steps_.begin(), steps_.end(), [&](const PlannedStep& step) {
    return step.last_node + 1 == value;
  });
  assert(found != steps_.end());
  return *found;
}

std::size_t Plan::floats_of(const PlannedView& view) const {
  const std::size_t floats = view.features * static_cast<std::size_t>(micro_batch_);
  return (floats + kLanes - 1) / kLanes * kLanes;
}

std::size_t Plan::allocate(std::size_t floats) {
  const std::size_t offset = workspace_size_;
  workspace_size_ += (floats + kLanes - 1) / kLanes * kLanes;
  return offset;
}

}  // namespace lockstep
