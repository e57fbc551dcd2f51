#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/initializer.hpp"
#include "framework/core/lane_view.hpp"
#include "framework/core/settings.hpp"
#include "framework/core/shape.hpp"
#include "framework/core/share.hpp"
#include "framework/kernels/epilogue.hpp"

namespace lockstep {

/// What a tensor does to its layer's outputs, whatever it is called.
enum class ParameterRole {
  weight,  ///< multiplies inputs, which it sums up: random at first
  scale,   ///< multiplies what is there already: about 1 at first
  bias,    ///< is added: mostly 0 at first, so that its own size tells nothing
};

/// One trainable tensor that a layer asks for.
struct ParameterSpec {
  std::string name;  ///< "weight", "bias": in init: of model files and in checkpoints
  ParameterRole role;
  Shape shape;             ///< OIHW, OI or O
  std::string axis_order;  ///< "OIHW", "OI", "O"
  Index fan_in = 0;        ///< inputs that reach one output value
  Index fan_out = 0;       ///< output values that one input reaches
  Initializer initializer;
  /// The stored value is multiplied by this before the layer sees it, and its gradient as well.
  float scale = 1.0F;
};

/// What a pass over one micro-batch knows beside the numbers. Borrowed for the call.
struct PassContext {
  bool training = false;  ///< dropout acts in training only
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  /// Index in the data set of each lane's sample; idle lanes repeat that of the last sample.
  std::span<const Index> samples;
};

/// Arguments of Layer::forward; all borrow.
struct ForwardArguments {
  std::span<const Shape> shapes;  ///< of the inputs, as given to `output_shape`
  std::span<const ConstLaneView> inputs;
  LaneView output;                                     ///< every element is overwritten
  std::span<const std::span<const float>> parameters;  ///< in the order of `parameters()`, scaled
  std::span<float> saved;  ///< kept for backward, see Workspace; empty where none follows
  const PassContext& pass;
  Share share{};  ///< what this call computes; see Layer::divides
};

/// Arguments of Layer::backward, the derivative of forward.
struct BackwardArguments {
  std::span<const Shape> shapes;  ///< of the inputs, as given to `output_shape`
  std::span<const ConstLaneView> inputs;
  ConstLaneView output;
  ConstLaneView output_gradient;
  /// Every element is overwritten; a view without data is not wanted and skipped.
  std::span<const LaneView> input_gradients;
  std::span<const std::span<const float>> parameters;
  std::span<const std::span<float>> parameter_gradients;  ///< every element is overwritten
  std::span<const float> saved;                           ///< as forward left it
  std::span<float> scratch;                               ///< contents undefined
  const PassContext& pass;
  Share share{};  ///< what this call computes; see Layer::divides
};

/// Memory a layer needs for a micro-batch beside its inputs, outputs and gradients, in floats.
struct Workspace {
  Index saved = 0;    ///< from forward to backward
  Index scratch = 0;  ///< within one call of backward
};

/// A layer's forward pass over one sample alone, without lanes; its parameters are bound and laid
/// out as suits it.
///
/// Threading contract: one thread at a time; different objects are independent.
class OneSampleForward {
 public:
  virtual ~OneSampleForward() = default;

  /// @param inputs  features in order, (c * H + y) * W + x
  /// @param output  the same; every element is overwritten
  virtual void run(std::span<const std::span<const float>> inputs, std::span<float> output) = 0;
};

/// How a layer likes its activations laid out; see BasicLaneView.
enum class LaneExtent {
  block,  ///< works a block of 16 lanes at a time: (block, feature, 16)
  whole,  ///< works the whole micro-batch at once: (feature, m)
  any,    ///< element by element: as its input
};

/// The arithmetic behind a layer's output shape, for people: one line an extent,
/// such as {"rows", "(28 + 2*0 - 5)/1 + 1 = 24"}.
struct ShapeArithmetic {
  std::string extent;
  std::string formula;
};

/// One operation of a network: its settings, and nothing that changes. Holds no memory of a pass.
///
/// Threading contract: all members are const and may be called from many threads at once.
/// Lanes never mix, except where a parameter's gradient sums over them.
class Layer {
 public:
  virtual ~Layer() = default;

  /// Shape of one sample's output.
  /// @throws Error (usage) when the inputs do not suit, in words that say the arithmetic; the
  ///         graph adds the layer's name and place.
  virtual Shape output_shape(std::span<const Shape> inputs) const = 0;

  /// How `output_shape` comes about; empty where it equals the input's.
  virtual std::vector<ShapeArithmetic> arithmetic(std::span<const Shape> inputs) const;

  /// Trainable tensors, in the order of the arguments above; none by default.
  virtual std::vector<ParameterSpec> parameters(std::span<const Shape> inputs) const;

  /// Multiply-adds of one sample's forward pass; 0 for layers that only move or compare numbers.
  virtual Index multiply_adds(std::span<const Shape> inputs) const;

  /// Those that are carried out: without taps on padding and outputs that nobody reads.
  virtual Index executed_multiply_adds(std::span<const Shape> inputs) const {
    return multiply_adds(inputs);
  }

  virtual Workspace workspace(std::span<const Shape> inputs, Index lanes) const;

  virtual LaneExtent lane_extent() const { return LaneExtent::any; }

  /// Whether the output is the input under another shape, so that the two may share their memory.
  virtual bool is_reshape() const { return false; }

  /// This layer as the end of another's kernel; nothing where no kernel can do it.
  virtual std::optional<Epilogue> as_epilogue() const { return {}; }

  /// A layer that does this one's work and `next`'s, its only reader, in one pass and with the same
  /// bits: its inputs and parameters are this one's, its output is the other's. Null: there is
  /// none.
  virtual std::unique_ptr<Layer> fused_with(const Layer& next) const;

  /// Whether several threads may do one forward or backward together, each its share of whole
  /// outputs, gradients of inputs and of parameters, with a scratch of its own. Other layers are
  /// never given but the whole.
  virtual bool divides() const { return false; }

  /// A faster way than a lane of `forward` for one sample alone, with the same bits. Null: there is
  /// none, and `forward` does it.
  /// @param parameters  in the order of `parameters()`, scaled; not kept
  virtual std::unique_ptr<OneSampleForward> for_one_sample(
      std::span<const Shape> inputs, std::span<const std::span<const float>> parameters) const;

  virtual void forward(const ForwardArguments& arguments) const = 0;
  virtual void backward(const BackwardArguments& arguments) const = 0;
};

/// A use of a layer that its contract tests run, or that must be refused.
struct LayerExample {
  SettingTexts settings;
  std::vector<Shape> inputs;
};

/// What a layer's file registers: one entry a file, gathered by the build into all_layer_types().
struct LayerType {
  std::string_view name;  ///< as in model files, "conv2d"
  /// Reads its settings (and calls no `finish`: the caller does) into a layer called `name`.
  std::unique_ptr<Layer> (*create)(const std::string& name, SettingsReader& settings);
  std::vector<LayerExample> examples;  ///< at least one; odd sizes, strides, paddings
  std::vector<LayerExample> refused;   ///< settings or input shapes that must give an Error
  /// True where the derivative has kinks or ties that finite differences must stay away from.
  bool has_kinks = false;
};

/// Every layer type, sorted by name. Generated by the build from the files of this folder.
std::vector<LayerType> all_layer_types();

}  // namespace lockstep
