#include "framework/kernels/conv2d/conv2d.hpp"

#include <algorithm>
#include <array>

#include "framework/core/aligned_buffer.hpp"
#include "framework/kernels/conv2d/one_sample.hpp"
#include "framework/layers/input_shapes.hpp"
#include "framework/layers/layer.hpp"
#include "framework/layers/sliding_window.hpp"
#include "framework/layers/weight_and_bias.hpp"

namespace lockstep {
namespace {

/// The positions of a window along one axis.
struct Axis {
  std::size_t positions;
  std::size_t kernel;
  std::size_t stride;
  std::size_t padding;
};

/// The number of taps, over all positions, that lie on the image and not on padding.
Index taps_inside(const Axis& axis, std::size_t size) {
  Index count = 0;
  for (std::size_t position = 0; position < axis.positions; ++position) {
    const Offset first = signed_size(position * axis.stride) - signed_size(axis.padding);
    const Offset last = first + signed_size(axis.kernel);
    count += std::max<Offset>(0, std::min(last, signed_size(size)) - std::max<Offset>(first, 0));
  }
  return count;
}

class OneSampleConv2d final : public OneSampleForward {
 public:
  OneSampleConv2d(const Conv2dGeometry& geometry, std::span<const float> weight,
                  std::span<const float> bias)
      : geometry_(geometry), packed_(packed_filters_size(geometry)) {
    pack_filters(geometry, weight, bias, packed_.span());
  }

  void run(std::span<const std::span<const float>> inputs, std::span<float> output) override {
    conv2d_one_sample(geometry_, {.input = inputs[0], .packed = packed_.span(), .output = output});
  }

 private:
  Conv2dGeometry geometry_;
  AlignedBuffer<float> packed_;
};

/// Convolution: a filter of (channels, kernel) weights and a bias for each output channel.
/// @see LeCun et al. 1998, section II.A
class Conv2d final : public Layer {
 public:
  explicit Conv2d(SettingsReader& settings)
      : filters_(settings.integer("filters", {.low = 1, .high = 65536})),
        window_(read_convolution_window(settings)),
        tensors_(settings) {}

  Shape output_shape(std::span<const Shape> inputs) const override {
    only_image(inputs);
    return window_output(geometry(inputs).input, filters_);
  }

  std::vector<ShapeArithmetic> arithmetic(std::span<const Shape> inputs) const override {
    return window_arithmetic(geometry(inputs).input);
  }

  std::vector<ParameterSpec> parameters(std::span<const Shape> inputs) const override {
    const Index channels = inputs.front()[0];
    const auto rows = static_cast<Index>(window_.kernel.rows);
    const auto columns = static_cast<Index>(window_.kernel.columns);
    return tensors_.specs({.shape = Shape{filters_, channels, rows, columns},
                           .axis_order = "OIHW",
                           .fan_in = channels * rows * columns,
                           .fan_out = filters_ * rows * columns});
  }

  Index multiply_adds(std::span<const Shape> inputs) const override {
    const auto per_output = static_cast<Index>(geometry(inputs).weights_per_filter());
    return checked_product(std::array{output_shape(inputs).size(), per_output});
  }

  Index executed_multiply_adds(std::span<const Shape> inputs) const override {
    const Conv2dGeometry all = geometry(inputs);
    const auto& [image, window] = all.input;
    const Extent2d used = all.positions();
    const auto rows = taps_inside(
        {used.rows, window.kernel.rows, window.stride.rows, window.padding.rows}, image.rows);
    const auto columns = taps_inside(
        {used.columns, window.kernel.columns, window.stride.columns, window.padding.columns},
        image.columns);
    return filters_ * inputs.front()[0] * rows * columns;  // at most multiply_adds
  }

  Workspace workspace(std::span<const Shape> inputs, Index lanes) const override {
    const Conv2dMemory memory =
        conv2d_memory(geometry(inputs), static_cast<std::size_t>(lanes) / kLanes);
    return {.saved = static_cast<Index>(memory.saved),
            .scratch = static_cast<Index>(memory.scratch)};
  }

  LaneExtent lane_extent() const override { return LaneExtent::block; }

  bool divides() const override { return true; }

  std::unique_ptr<Layer> fused_with(const Layer& next) const override {
    const std::optional<Epilogue> added = next.as_epilogue();
    const std::optional<Epilogue> both = added ? epilogue_.then(*added) : std::nullopt;
    if (!both) return nullptr;
    auto fused = std::make_unique<Conv2d>(*this);
    fused->epilogue_ = *both;
    return fused;
  }

  std::unique_ptr<OneSampleForward> for_one_sample(
      std::span<const Shape> inputs,
      std::span<const std::span<const float>> parameters) const override {
    return std::make_unique<OneSampleConv2d>(geometry(inputs), parameters[0],
                                             tensors_.bias_of(parameters));
  }

  void forward(const ForwardArguments& arguments) const override {
    conv2d_forward(geometry(arguments.shapes), {.input = arguments.inputs[0],
                                                .weight = arguments.parameters[0],
                                                .bias = tensors_.bias_of(arguments.parameters),
                                                .output = arguments.output,
                                                .saved = arguments.saved,
                                                .share = arguments.share});
  }

  void backward(const BackwardArguments& arguments) const override {
    conv2d_backward(geometry(arguments.shapes),
                    {.input = arguments.inputs[0],
                     .output = arguments.output,
                     .output_gradient = arguments.output_gradient,
                     .weight = arguments.parameters[0],
                     .weight_gradient = arguments.parameter_gradients[0],
                     .bias_gradient = tensors_.bias_of(arguments.parameter_gradients),
                     .input_gradient = arguments.input_gradients[0],
                     .saved = arguments.saved,
                     .scratch = arguments.scratch,
                     .share = arguments.share});
  }

 private:
  Conv2dGeometry geometry(std::span<const Shape> inputs) const {
    return {.input = {.image = image_shape(inputs.front()), .window = window_},
            .filters = static_cast<std::size_t>(filters_),
            .epilogue = epilogue_};
  }

  Index filters_;
  Window window_;
  WeightAndBias tensors_;
  Epilogue epilogue_;  ///< of a fused layer
};

std::unique_ptr<Layer> create(const std::string& /*name*/, SettingsReader& settings) {
  return std::make_unique<Conv2d>(settings);
}

}  // namespace

LayerType conv2d_layer_type() {
  return {
      .name = "conv2d",
      .create = create,
      .examples =
          {{.settings = {{"filters", "6"}, {"kernel", "5"}}, .inputs = {Shape{1, 9, 9}}},
           {.settings = {{"filters", "7"}, {"kernel", "[3, 2]"}, {"padding", "[1, 0]"}},
            .inputs = {Shape{3, 5, 8}}},
           {.settings = {{"filters", "3"},
                         {"kernel", "[2, 3]"},
                         {"stride", "[2, 3]"},
                         {"padding", "[0, 2]"},
                         {"weight_scale", "0.5"}},
            .inputs = {Shape{2, 7, 10}}},
           {.settings = {{"filters", "2"}, {"kernel", "1"}, {"stride", "2"}, {"bias", "false"}},
            .inputs = {Shape{4, 6, 5}}},
           {.settings = {{"filters", "1"}, {"kernel", "[4, 7]"}, {"padding", "[2, 3]"}},
            .inputs = {Shape{1, 3, 4}}}},
      .refused = {{.settings = {{"filters", "6"}, {"kernel", "7"}}, .inputs = {Shape{1, 5, 9}}},
                  {.settings = {{"filters", "6"}, {"kernel", "[2, 7]"}, {"padding", "[0, 1]"}},
                   .inputs = {Shape{1, 5, 4}}},
                  {.settings = {{"filters", "6"}, {"kernel", "3"}}, .inputs = {Shape{400}}},
                  {.settings = {{"filters", "6"}, {"kernel", "3"}},
                   .inputs = {Shape{1, 5, 5}, Shape{1, 5, 5}}},
                  {.settings = {{"filters", "6"}}, .inputs = {Shape{1, 5, 5}}},
                  {.settings = {{"kernel", "3"}}, .inputs = {Shape{1, 5, 5}}},
                  {.settings = {{"filters", "0"}, {"kernel", "3"}}, .inputs = {Shape{1, 5, 5}}},
                  {.settings = {{"filters", "6"}, {"kernel", "[3, 3, 3]"}},
                   .inputs = {Shape{1, 5, 5}}},
                  {.settings = {{"filters", "6"}, {"kernel", "3"}, {"stride", "0"}},
                   .inputs = {Shape{1, 5, 5}}},
                  {.settings = {{"filters", "6"}, {"kernel", "3"}, {"padding", "-1"}},
                   .inputs = {Shape{1, 5, 5}}},
                  {.settings = {{"filters", "6"}, {"kernel", "3"}, {"bias", "1"}},
                   .inputs = {Shape{1, 5, 5}}},
                  {.settings = {{"filters", "6"}, {"kernel", "3"}, {"weight_scale", "0"}},
                   .inputs = {Shape{1, 5, 5}}}},
  };
}

}  // namespace lockstep
