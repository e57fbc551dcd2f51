#include "experiments/report/network.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <nlohmann/json.hpp>

#include "experiments/text/base64.hpp"
#include "framework/graph/micro_batch_pass.hpp"
#include "framework/training/step/micro_batch.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr Index kMostOutputs = 64;
constexpr Index kMostInputs = 32;
constexpr Index kMostValues = 8192;  // of one layer and one sample

struct ShownKernels {
  Index outputs;
  Index inputs;
  Index area;  // values of a kernel

  explicit ShownKernels(const Shape& shape)
      : outputs(std::min(shape[0], kMostOutputs)),
        inputs(std::min(shape[1], kMostInputs)),
        area(shape[2] * shape[3]) {}
};

std::vector<float> kernel_values(std::span<const float> weights, const ParameterEntry& entry) {
  const ShownKernels shown(entry.shape);
  std::vector<float> values;
  for (Index output = 0; output < shown.outputs; ++output) {
    const Index first = output * entry.shape[1] * shown.area;
    for (Index i = 0; i < shown.inputs * shown.area; ++i) {
      values.push_back(entry.scale * weights[static_cast<std::size_t>(first + i)]);
    }
  }
  return values;
}

// How a layer's output is laid out for the eye: as maps of rows x columns.
struct ShownMaps {
  Index channels = 0;
  Index rows = 1;
  Index columns = 1;
  Index shown = 0;

  explicit ShownMaps(const Shape& shape) : channels(shape[0]) {
    if (shape.rank() == 3) {
      rows = shape[1];
      columns = shape[2];
    }
    shown = std::min(channels, std::max<Index>(1, kMostValues / (rows * columns)));
  }
  Index values() const { return shown * rows * columns; }
};

// The first features of one lane.
std::vector<float> lane_values(const ConstLaneView& view, std::size_t lane, Index count) {
  std::vector<float> values;
  for (std::size_t feature = 0; feature < static_cast<std::size_t>(count); ++feature) {
    values.push_back(view.at(feature, 0)[lane]);
  }
  return values;
}

// The outputs of all layers for up to one block of samples.
class LayerOutputs {
 public:
  LayerOutputs(const Graph& graph, const ParameterStore& parameters, const Dataset& dataset,
               std::span<const Index> samples)
      : plan_(graph, kLanes, PlanPurpose::inspection),
        pass_(plan_, parameters.layout()),
        scaled_(parameters.layout().size()) {
    MicroBatch batch(kLanes);
    batch.assemble(dataset, samples, {.training = false}, pass_);
    parameters.layout().apply_scales(parameters.values(), scaled_.span());
    pass_.forward(scaled_.span(), batch.context());
  }

  ConstLaneView of(std::size_t node) const { return pass_.output_of(node); }

 private:
  Plan plan_;
  MicroBatchPass pass_;
  AlignedBuffer<float> scaled_;
};

}  // namespace

Json quantized(std::span<const float> values) {
  constexpr float kMost = 127;
  float scale = 0;
  for (const float value : values) {
    if (std::isfinite(value)) scale = std::max(scale, std::abs(value));
  }
  std::vector<std::uint8_t> bytes;
  for (const float value : values) {
    const float part = scale > 0 && std::isfinite(value) ? kMost * (value / scale) : 0;
    bytes.push_back(static_cast<std::uint8_t>(static_cast<std::int8_t>(std::lround(part))));
  }
  return {{"scale", scale}, {"values", base64(bytes)}};
}

Json kernels_json(const ParameterStore& parameters) {
  Json layers = Json::array();
  const std::vector<ParameterEntry>& entries = parameters.layout().entries();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const ParameterEntry& entry = entries[i];
    if (entry.role != ParameterRole::weight || entry.shape.rank() != 4) continue;
    const ShownKernels shown(entry.shape);
    Json layer = quantized(kernel_values(parameters.tensor(i), entry));
    layer["layer"] = entry.layer;
    layer["shape"] = entry.shape.to_string();
    layer["outputs"] = shown.outputs;
    layer["inputs"] = shown.inputs;
    layer["rows"] = entry.shape[2];
    layer["columns"] = entry.shape[3];
    layer["left_out"] = entry.shape[0] * entry.shape[1] - shown.outputs * shown.inputs;
    layers.push_back(std::move(layer));
  }
  return layers;
}

Json feature_maps_json(const Graph& graph, const ParameterStore& parameters, const Dataset& dataset,
                       std::span<const Index> samples) {
  if (samples.empty()) return Json::array();
  const LayerOutputs outputs(graph, parameters, dataset, samples);
  Json layers = Json::array();
  for (std::size_t node = 0; node < graph.nodes().size(); ++node) {
    const ShownMaps maps(graph.nodes()[node].output_shape);
    Json of_samples = Json::array();
    for (std::size_t lane = 0; lane < samples.size(); ++lane) {
      of_samples.push_back(quantized(lane_values(outputs.of(node), lane, maps.values())));
    }
    layers.push_back({{"rows", maps.rows},
                      {"columns", maps.columns},
                      {"shown", maps.shown},
                      {"channels", maps.channels},
                      {"samples", std::move(of_samples)}});
  }
  return layers;
}

}  // namespace lockstep
