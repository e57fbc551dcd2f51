#include "framework/graph/micro_batch_pass.hpp"

#include <cassert>

#include "framework/kernels/elementwise.hpp"

namespace lockstep {
namespace {

template <class T>
void set_blocks(BasicLaneView<T>& view, std::size_t blocks) {
  if (view) view.blocks = blocks;
}

template <class Views>
void set_all_blocks(Views& views, std::size_t blocks) {
  for (auto& view : views) set_blocks(view, blocks);
}

}  // namespace

MicroBatchPass::MicroBatchPass(const Plan& plan, const ParameterLayout& layout)
    : plan_(plan), layout_(layout), memory_(plan.workspace_size()) {
  input_ = bind(plan.input());
  for (const PlannedStep& step : plan.steps()) bind_node(step);
}

LaneView MicroBatchPass::bind(const PlannedView& planned) {
  if (!planned.present) return {};
  float* const data = memory_.span().data() + planned.offset;
  const std::size_t blocks = static_cast<std::size_t>(plan_.micro_batch()) / kLanes;
  return planned.whole ? whole_view(data, planned.features, blocks)
                       : blocked_view(data, planned.features, blocks);
}

void MicroBatchPass::bind_node(const PlannedStep& step) {
  const GraphNode& graph_node = plan_.graph().nodes()[step.node];
  Node node;
  node.layer = graph_node.layer.get();
  node.shapes = graph_node.input_shapes;
  for (const std::size_t input : graph_node.inputs) {
    node.inputs.emplace_back(input == 0 ? input_ : nodes_[input - 1].output);
  }
  node.output = bind(step.output);
  node.output_gradient = bind(step.output_gradient);
  for (const PlannedView& view : step.input_gradients) node.input_gradients.push_back(bind(view));
  for (const PlannedView& view : step.further_gradients) {
    node.further_gradients.push_back(bind(view));
  }
  node.parameters.resize(graph_node.parameters.size());
  node.parameter_gradients.resize(graph_node.parameters.size());
  node.saved = memory_.span().subspan(step.saved_offset, step.saved_size);
  node.runs_backward = step.runs_backward;
  if (plan_.purpose() == PlanPurpose::training) {
    node.scratch = memory_.span().subspan(plan_.scratch_offset(), step.scratch_size);
  }
  nodes_.push_back(std::move(node));
}

void MicroBatchPass::set_samples(std::size_t samples) {
  assert(samples > 0 && samples <= static_cast<std::size_t>(plan_.micro_batch()));
  const std::size_t blocks = (samples + kLanes - 1) / kLanes;
  set_blocks(input_, blocks);
  for (Node& node : nodes_) {
    set_all_blocks(node.inputs, blocks);
    set_blocks(node.output, blocks);
    set_blocks(node.output_gradient, blocks);
    set_all_blocks(node.input_gradients, blocks);
    set_all_blocks(node.further_gradients, blocks);
  }
}

void MicroBatchPass::bind_parameters(std::span<const float> parameters) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    for (std::size_t k = 0; k < nodes_[i].parameters.size(); ++k) {
      nodes_[i].parameters[k] = layout_.view(parameters, layout_.first_entry(i) + k);
    }
  }
}

void MicroBatchPass::forward(std::span<const float> parameters, const PassContext& context) {
  bind_parameters(parameters);
  for (Node& node : nodes_) {
    node.layer->forward({.shapes = node.shapes,
                         .inputs = node.inputs,
                         .output = node.output,
                         .parameters = node.parameters,
                         .saved = node.saved,
                         .pass = context});
  }
}

void MicroBatchPass::backward(std::span<const float> parameters, std::span<float> gradients,
                              const PassContext& context) {
  assert(plan_.purpose() == PlanPurpose::training);
  bind_parameters(parameters);
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    Node& node = nodes_[i];
    if (!node.runs_backward) continue;
    for (const LaneView& further : node.further_gradients) {
      accumulate_lanes(further, node.output_gradient);
    }
    for (std::size_t k = 0; k < node.parameter_gradients.size(); ++k) {
      node.parameter_gradients[k] = layout_.view(gradients, layout_.first_entry(i) + k);
    }
    node.layer->backward({.shapes = node.shapes,
                          .inputs = node.inputs,
                          .output = node.output,
                          .output_gradient = node.output_gradient,
                          .input_gradients = node.input_gradients,
                          .parameters = node.parameters,
                          .parameter_gradients = node.parameter_gradients,
                          .saved = node.saved,
                          .scratch = node.scratch,
                          .pass = context});
  }
}

}  // namespace lockstep
