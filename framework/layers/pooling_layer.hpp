#pragma once

// What pooling layers share: everything but the arithmetic within a window.

#include <vector>

#include "framework/kernels/pool2d.hpp"
#include "framework/layers/input_shapes.hpp"
#include "framework/layers/layer.hpp"
#include "framework/layers/sliding_window.hpp"

namespace lockstep {

class PoolingLayer : public Layer {
 public:
  Shape output_shape(std::span<const Shape> inputs) const override {
    const Shape& input = only_image(inputs);
    return window_output(geometry(inputs), input[0]);
  }

  std::vector<ShapeArithmetic> arithmetic(std::span<const Shape> inputs) const override {
    return window_arithmetic(geometry(inputs));
  }

  LaneExtent lane_extent() const override { return LaneExtent::block; }

 protected:
  explicit PoolingLayer(SettingsReader& settings) : window_(read_pooling_window(settings)) {}

  WindowedImage geometry(std::span<const Shape> inputs) const {
    return {.image = image_shape(inputs.front()), .window = window_};
  }

  const Window& window() const { return window_; }

 private:
  Window window_;
};

inline std::vector<LayerExample> pooling_examples() {
  return {{.settings = {{"kernel", "2"}}, .inputs = {Shape{3, 6, 8}}},
          {.settings = {{"kernel", "[3, 2]"}, {"stride", "[2, 1]"}, {"padding", "[1, 1]"}},
           .inputs = {Shape{2, 5, 4}}},
          {.settings = {{"kernel", "2"}, {"stride", "3"}}, .inputs = {Shape{1, 7, 5}}}};
}

inline std::vector<LayerExample> refused_pooling() {
  return {{.settings = {{"kernel", "7"}}, .inputs = {Shape{1, 5, 9}}},
          {.settings = {{"kernel", "2"}}, .inputs = {Shape{12}}},
          {.settings = {{"kernel", "2"}, {"padding", "[0, 2]"}}, .inputs = {Shape{1, 8, 8}}},
          {.settings = {}, .inputs = {Shape{1, 8, 8}}}};
}

}  // namespace lockstep
