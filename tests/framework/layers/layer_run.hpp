#pragma once

// One layer with all the memory of a micro-batch around it, for tests of layers.

#include <memory>
#include <span>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/layers/layer.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep::testing {

/// How a layer is tried.
struct RunSetup {
  std::size_t blocks = 1;
  Layout input_layout = Layout::blocked;
  Layout output_layout = Layout::blocked;
};

/// A layer's operands and results. Inputs, parameters and the output's gradient are chosen by the
/// test; everything that the layer must write starts as NaN.
struct LayerRun {
  LayerRun(const Layer& of_layer, std::vector<Shape> of_inputs, const RunSetup& setup)
      : layer(of_layer),
        shapes(std::move(of_inputs)),
        output_shape(layer.output_shape(shapes)),
        output(size_of(output_shape), setup.blocks, setup.output_layout),
        output_gradient(size_of(output_shape), setup.blocks, setup.output_layout) {
    const auto lanes = static_cast<Index>(setup.blocks * kLanes);
    for (const Shape& shape : shapes) {
      inputs.emplace_back(size_of(shape), setup.blocks, setup.input_layout);
      input_gradients.emplace_back(size_of(shape), setup.blocks, setup.input_layout);
      wanted.push_back(true);
    }
    for (const ParameterSpec& spec : layer.parameters(shapes)) {
      parameters.emplace_back(size_of(spec.shape), kNan);
      parameter_gradients.emplace_back(size_of(spec.shape), kNan);
    }
    const Workspace workspace = layer.workspace(shapes, lanes);
    saved = nan_buffer(workspace.saved);
    scratch = nan_buffer(workspace.scratch);
    for (Index lane = 0; lane < lanes; ++lane) samples.push_back(1000 + 7 * lane);
    pass = {.training = true, .seed = 11, .epoch = 3, .samples = {}};
  }

  void forward() {
    const std::vector<ConstLaneView> views = input_views();
    const std::vector<std::span<const float>> weights(parameters.begin(), parameters.end());
    layer.forward({.shapes = shapes,
                   .inputs = views,
                   .output = output.view(),
                   .parameters = weights,
                   .saved = saved.span(),
                   .pass = context(),
                   .share = share});
  }

  void backward() {
    const std::vector<ConstLaneView> views = input_views();
    const std::vector<std::span<const float>> weights(parameters.begin(), parameters.end());
    const std::vector<std::span<float>> gradients(parameter_gradients.begin(),
                                                  parameter_gradients.end());
    std::vector<LaneView> to;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      to.push_back(wanted[i] ? input_gradients[i].view() : LaneView{});
    }
    layer.backward({.shapes = shapes,
                    .inputs = views,
                    .output = std::as_const(output).view(),
                    .output_gradient = std::as_const(output_gradient).view(),
                    .input_gradients = to,
                    .parameters = weights,
                    .parameter_gradients = gradients,
                    .saved = std::as_const(saved).span(),
                    .scratch = scratch.span(),
                    .pass = context(),
                    .share = share});
  }

  static std::size_t size_of(const Shape& shape) { return static_cast<std::size_t>(shape.size()); }

  const Layer& layer;
  std::vector<Shape> shapes;
  Shape output_shape;
  std::vector<LaneTensor> inputs;
  LaneTensor output;
  LaneTensor output_gradient;
  std::vector<LaneTensor> input_gradients;
  std::vector<bool> wanted;  ///< which input gradients are asked for
  std::vector<std::vector<float>> parameters;
  std::vector<std::vector<float>> parameter_gradients;
  AlignedBuffer<float> saved;
  AlignedBuffer<float> scratch;
  std::vector<Index> samples;
  PassContext pass;  ///< without its samples
  Share share;

 private:
  static AlignedBuffer<float> nan_buffer(Index size) {
    AlignedBuffer<float> buffer(static_cast<std::size_t>(size));
    for (float& element : buffer.span()) element = kNan;
    return buffer;
  }

  PassContext context() const {
    PassContext full = pass;
    full.samples = samples;
    return full;
  }

  std::vector<ConstLaneView> input_views() const {
    std::vector<ConstLaneView> views;
    for (const LaneTensor& input : inputs) views.push_back(input.view());
    return views;
  }
};

}  // namespace lockstep::testing
