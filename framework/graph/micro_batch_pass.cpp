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
  output_ = bind(plan.output());
  output_gradient_ = bind(plan.output_gradient());
  for (const PlannedStep& step : plan.steps()) bind_step(step);
}

LaneView MicroBatchPass::bind(const PlannedView& planned) {
  if (!planned.present) return {};
  float* const data = memory_.span().data() + planned.offset;
  const std::size_t blocks = static_cast<std::size_t>(plan_.micro_batch()) / kLanes;
  return planned.whole ? whole_view(data, planned.features, blocks)
                       : blocked_view(data, planned.features, blocks);
}

void MicroBatchPass::bind_step(const PlannedStep& planned) {
  const GraphNode& node = plan_.graph().nodes()[planned.first_node];
  Step step;
  step.layer = planned.layer;
  step.shapes = node.input_shapes;
  step.first_entry = layout_.first_entry(planned.first_node);
  for (const PlannedView& view : planned.inputs) step.inputs.emplace_back(bind(view));
  step.output = bind(planned.output);
  step.output_gradient = bind(planned.output_gradient);
  for (const PlannedView& view : planned.input_gradients) {
    step.input_gradients.push_back(bind(view));
  }
  for (const PlannedView& view : planned.further_gradients) {
    step.further_gradients.push_back(bind(view));
  }
  step.parameters.resize(node.parameters.size());
  step.parameter_gradients.resize(node.parameters.size());
  step.saved = memory_.span().subspan(planned.saved_offset, planned.saved_size);
  step.runs_backward = planned.runs_backward;
  steps_.push_back(std::move(step));
}

void MicroBatchPass::set_samples(std::size_t samples) {
  assert(samples > 0 && samples <= static_cast<std::size_t>(plan_.micro_batch()));
  const std::size_t blocks = (samples + kLanes - 1) / kLanes;
  for (LaneView* view : {&input_, &output_, &output_gradient_}) set_blocks(*view, blocks);
  for (Step& step : steps_) {
    set_all_blocks(step.inputs, blocks);
    set_blocks(step.output, blocks);
    set_blocks(step.output_gradient, blocks);
    set_all_blocks(step.input_gradients, blocks);
    set_all_blocks(step.further_gradients, blocks);
  }
}

void MicroBatchPass::bind_parameters(std::span<const float> parameters) {
  for (Step& step : steps_) {
    for (std::size_t k = 0; k < step.parameters.size(); ++k) {
      step.parameters[k] = layout_.view(parameters, step.first_entry + k);
    }
  }
}

void MicroBatchPass::bind_gradients(std::span<float> gradients, std::size_t first) {
  for (Step& step : steps_) {
    for (std::size_t k = 0; k < step.parameter_gradients.size(); ++k) {
      const ParameterEntry& entry = layout_.entries()[step.first_entry + k];
      if (entry.offset < first || entry.offset >= first + gradients.size()) continue;
      step.parameter_gradients[k] = gradients.subspan(entry.offset - first, entry.size);
    }
  }
}

void MicroBatchPass::forward_step(std::size_t number, const PassContext& context,
                                  Share share) const {
  const Step& step = steps_[number];
  step.layer->forward({.shapes = step.shapes,
                       .inputs = step.inputs,
                       .output = step.output,
                       .parameters = step.parameters,
                       .saved = step.saved,
                       .pass = context,
                       .share = share});
}

void MicroBatchPass::backward_step(std::size_t number, const PassContext& context,
                                   std::span<float> scratch, Share share) const {
  const Step& step = steps_[number];
  if (!step.runs_backward) return;
  for (const LaneView& further : step.further_gradients) {
    accumulate_lanes(further, step.output_gradient);
  }
  step.layer->backward({.shapes = step.shapes,
                        .inputs = step.inputs,
                        .output = step.output,
                        .output_gradient = step.output_gradient,
                        .input_gradients = step.input_gradients,
                        .parameters = step.parameters,
                        .parameter_gradients = step.parameter_gradients,
                        .saved = step.saved,
                        .scratch = scratch.first(plan_.steps()[number].scratch_size),
                        .pass = context,
                        .share = share});
}

void MicroBatchPass::forward(std::span<const float> parameters, const PassContext& context) {
  bind_parameters(parameters);
  for (std::size_t i = 0; i < steps_.size(); ++i) forward_step(i, context);
}

void MicroBatchPass::backward(std::span<const float> parameters, std::span<float> gradients,
                              const PassContext& context) {
  assert(plan_.output_gradient().present);
  bind_parameters(parameters);
  bind_gradients(gradients);
  for (std::size_t i = steps_.size(); i-- > 0;) backward_step(i, context, scratch());
}

}  // namespace lockstep
