#include "framework/graph/one_sample_pass.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace lockstep {
namespace {

/// One layer's `forward` on a block whose lanes all hold the one sample.
class LanesOfOneSample final : public OneSampleForward {
 public:
  LanesOfOneSample(const Layer& layer, std::span<const Shape> shapes, const Shape& output_shape,
                   std::vector<std::span<const float>> parameters)
      : layer_(layer), shapes_(shapes), parameters_(std::move(parameters)) {
    for (const Shape& shape : shapes) inputs_.push_back(make_lanes(shape));
    read_inputs_.assign(inputs_.begin(), inputs_.end());
    output_ = make_lanes(output_shape);
  }

  void run(std::span<const std::span<const float>> inputs, std::span<float> output) override {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      for (std::size_t f = 0; f < inputs[i].size(); ++f) {
        std::fill_n(inputs_[i].at(f, 0), kLanes, inputs[i][f]);
      }
    }
    constexpr std::array<Index, kLanes> kSamples{};
    layer_.forward({.shapes = shapes_,
                    .inputs = read_inputs_,
                    .output = output_,
                    .parameters = parameters_,
                    .saved = {},
                    .pass = {.training = false, .samples = kSamples}});
    for (std::size_t f = 0; f < output.size(); ++f) output[f] = *output_.at(f, 0);
  }

 private:
  const Layer& layer_;
  std::span<const Shape> shapes_;
  std::vector<std::span<const float>> parameters_;
  std::vector<AlignedBuffer<float>> memory_;
  std::vector<LaneView> inputs_;
  std::vector<ConstLaneView> read_inputs_;
  LaneView output_;

  LaneView make_lanes(const Shape& shape) {
    const auto features = static_cast<std::size_t>(shape.size());
    memory_.emplace_back(features * kLanes);
    return blocked_view(memory_.back().span().data(), features, 1);
  }
};

}  // namespace

OneSamplePass::OneSamplePass(const Graph& graph, const ParameterLayout& layout,
                             std::span<const float> parameters)
    : plan_(graph, 1, PlanPurpose::inference),
      scaled_(layout.size()),
      memory_(plan_.workspace_size()),
      input_(bind(plan_.input())),
      output_(bind(plan_.output())) {
  layout.apply_scales(parameters, scaled_.span());
  for (const PlannedStep& step : plan_.steps()) steps_.push_back(bind_step(step, layout));
}

std::span<float> OneSamplePass::bind(const PlannedView& planned) {
  return memory_.span().subspan(planned.offset, planned.features);
}

OneSamplePass::Step OneSamplePass::bind_step(const PlannedStep& planned,
                                             const ParameterLayout& layout) {
  const GraphNode& node = plan_.graph().nodes()[planned.first_node];
  std::vector<std::span<const float>> parameters;
  for (std::size_t k = 0; k < node.parameters.size(); ++k) {
    parameters.push_back(
        layout.view(std::as_const(scaled_).span(), layout.first_entry(planned.first_node) + k));
  }
  Step step;
  for (const PlannedView& view : planned.inputs) step.inputs.emplace_back(bind(view));
  step.output = bind(planned.output);
  step.forward = planned.layer->for_one_sample(node.input_shapes, parameters);
  if (step.forward == nullptr) {
    const Shape& output_shape = plan_.graph().value_shape(planned.last_node + 1);
    step.forward = std::make_unique<LanesOfOneSample>(*planned.layer, node.input_shapes,
                                                      output_shape, std::move(parameters));
  }
  return step;
}

void OneSamplePass::forward() {
  for (const Step& step : steps_) step.forward->run(step.inputs, step.output);
}

}  // namespace lockstep
