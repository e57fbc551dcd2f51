#pragma once

// Small networks and a small data set, made in memory, for tests of everything above the layers.

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "framework/core/random.hpp"
#include "framework/core/settings.hpp"
#include "framework/graph/graph_spec.hpp"
#include "framework/training/step/dataset.hpp"

namespace lockstep::testing {

/// One layer of a test network: settings as key and text; `inputs` empty for the layer above.
struct TestLayer {
  std::string name;
  std::string type;
  std::vector<std::pair<std::string, std::string>> settings{};
  std::vector<std::string> inputs{};
};

inline Value model_value(const std::vector<std::int64_t>& input,
                         const std::vector<TestLayer>& layers) {
  Value model = Value::mapping();
  model.set("name", Value::string("test"));
  std::vector<Value> extents;
  for (const std::int64_t extent : input) extents.push_back(Value::integer(extent));
  Value input_value = Value::mapping();
  input_value.set("shape", Value::sequence(std::move(extents)));
  model.set("input", std::move(input_value));
  std::vector<Value> entries;
  for (const TestLayer& layer : layers) {
    Value entry = Value::mapping();
    entry.set("name", Value::string(layer.name));
    entry.set("type", Value::string(layer.type));
    for (const auto& [key, text] : layer.settings) entry.set(key, Value::scalar(text));
    if (!layer.inputs.empty()) {
      std::vector<Value> inputs;
      for (const std::string& name : layer.inputs) inputs.push_back(Value::string(name));
      entry.set("inputs", Value::sequence(std::move(inputs)));
    }
    entries.push_back(std::move(entry));
  }
  model.set("layers", Value::sequence(std::move(entries)));
  return model;
}

/// conv -> relu -> max pool -> (two branches, added) -> dropout -> dense, on 2x8x7 inputs, with a
/// scaled layer: everything that could tell ranks or threads apart.
inline GraphSpec busy_network() {
  return parse_graph_spec(model_value(
      {2, 8, 7},
      {{"c1", "conv2d", {{"filters", "3"}, {"kernel", "3"}, {"padding", "1"}}},
       {"r1", "relu"},
       {"p1", "max_pool2d", {{"kernel", "2"}}},
       {"left", "conv2d", {{"filters", "4"}, {"kernel", "1"}}, {"p1"}},
       {"right", "conv2d", {{"filters", "4"}, {"kernel", "3"}, {"padding", "1"}}, {"p1"}},
       {"joined", "add", {}, {"left", "right"}},
       {"t1", "tanh"},
       {"flat", "flatten"},
       {"d1", "dropout", {{"rate", "0.25"}}},
       {"f1", "dense", {{"units", "9"}, {"weight_scale", "0.5"}}},
       {"r2", "relu"},
       {"f2", "dense", {{"units", "5"}}}}));
}

/// The network of the original article, as models/lenet5.yaml draws it.
inline GraphSpec lenet5_network() {
  return parse_graph_spec(
      model_value({1, 28, 28}, {{"c1", "conv2d", {{"filters", "6"}, {"kernel", "5"}}},
                                {"relu1", "relu"},
                                {"s2", "avg_pool2d", {{"kernel", "2"}}},
                                {"c3", "conv2d", {{"filters", "16"}, {"kernel", "5"}}},
                                {"relu3", "relu"},
                                {"s4", "avg_pool2d", {{"kernel", "2"}}},
                                {"flatten", "flatten"},
                                {"f5", "dense", {{"units", "120"}}},
                                {"relu5", "relu"},
                                {"f6", "dense", {{"units", "84"}}},
                                {"relu6", "relu"},
                                {"output", "dense", {{"units", "10"}}}}));
}

/// Samples whose class shows in their mean, with noise; augmentation adds a drawn brightness.
class TestDataset final : public Dataset {
 public:
  TestDataset(Index size, const Shape& shape, Index classes)
      : shape_(shape), classes_(classes), labels_(static_cast<std::size_t>(size)) {
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      labels_[i] = static_cast<std::uint8_t>((i * 7 + i / 3) % static_cast<std::size_t>(classes));
    }
  }

  Index size() const override { return static_cast<Index>(labels_.size()); }
  Shape sample_shape() const override { return shape_; }
  Index classes() const override { return classes_; }
  std::span<const Label> labels() const override { return labels_; }

  void gather(const GatherRequest& request, LaneView block) const override {
    const RandomStream noise(99, {"test"});
    const RandomStream light(request.seed, {"brightness"});
    for (std::size_t n = 0; n < block.lanes(); ++n) {
      const auto sample = static_cast<std::uint32_t>(request.samples[n]);
      const float brightness =
          request.augment ? uniform_unit(light.words(sample, request.epoch)[0]) * 0.25F : 0.0F;
      for (std::size_t f = 0; f < block.features; ++f) {
        const float drawn = uniform_unit(noise.words(sample, static_cast<std::uint32_t>(f))[0]);
        const bool lit = f % static_cast<std::size_t>(classes_) == labels_[sample];
        block.at(f, n / kLanes)[n % kLanes] = drawn - 0.5F + brightness + (lit ? 0.75F : 0.0F);
      }
    }
  }

 private:
  Shape shape_;
  Index classes_;
  std::vector<std::uint8_t> labels_;
};

}  // namespace lockstep::testing
