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

/// What a tensor does in its layer, whatever its name.
enum class ParameterRole {
  weight,  ///< multiplies inputs that are then summed: random at first
  scale,   ///< multiplies what is there already: near 1 at first
  bias,    ///< is added: mostly 0 at first, so that its own size tells nothing
};

/// One trainable tensor that a layer asks for. A tensor with one number per channel has the shape
/// (C), the axis order "O" and fans of 1.
struct ParameterSpec {
  std::string name;  ///< "weight", "bias": as in `init:` of model files and in checkpoints
  ParameterRole role;
  Shape shape;             ///< OIHW, OI or O
  std::string axis_order;  ///< "OIHW", "OI", "O"
  Index fan_in = 0;        ///< inputs that reach one output value
  Index fan_out = 0;       ///< output values that one input reaches
  Initializer initializer;
  /// The stored value is multiplied by this before the layer sees it, and its gradient as well. A
  /// constant, not to be confused with the role `scale`.
  float scale = 1.0F;
};

/// What a pass over one micro-batch needs to know beside the numbers. Borrowed for the call.
struct PassContext {
  bool training = false;  ///< dropout acts in training only
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  /// Data-set index of each lane's sample. Idle lanes repeat that of the last sample.
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

/// Arguments of Layer::backward, the derivative of forward. In idle lanes `output_gradient` is 0,
/// so sums over lanes may include them.
struct BackwardArguments {
  std::span<const Shape> shapes;  ///< of the inputs, as given to `output_shape`
  std::span<const ConstLaneView> inputs;
  ConstLaneView output;
  ConstLaneView output_gradient;
  /// Every element is overwritten. A view without data is not wanted and is skipped.
  std::span<const LaneView> input_gradients;
  std::span<const std::span<const float>> parameters;
  std::span<const std::span<float>> parameter_gradients;  ///< every element is overwritten
  std::span<const float> saved;                           ///< as forward left it
  std::span<float> scratch;                               ///< contents undefined
  const PassContext& pass;
  Share share{};  ///< what this call computes; see Layer::divides
};

/// Memory that a layer needs for a micro-batch, in floats, beside its inputs, outputs and
/// gradients.
struct Workspace {
  Index saved = 0;    ///< kept from forward to backward
  Index scratch = 0;  ///< used within one call of backward
};

/// A layer's forward pass over one sample alone, without lanes. Its parameters are bound, in
/// whatever layout suits it.
///
/// Threading contract: one thread at a time; different objects are independent.
class OneSampleForward {
 public:
  virtual ~OneSampleForward() = default;

  /// @param inputs  features in order, (c * H + y) * W + x
  /// @param output  features in order; every element is overwritten
  virtual void run(std::span<const std::span<const float>> inputs, std::span<float> output) = 0;
};

/// Which layout of its activations a layer prefers; see BasicLaneView.
enum class LaneExtent {
  block,  ///< works on one block of 16 lanes at a time: (block, feature, 16)
  whole,  ///< works on the whole micro-batch at once: (feature, m)
  any,    ///< works element by element: keeps the layout of its input
};

/// How an output shape comes about, for people: one line per extent, such as {"rows", "(28 + 2*0 -
/// 5)/1 + 1 = 24"}.
struct ShapeArithmetic {
  std::string extent;
  std::string formula;
};

/// One operation of a network. It holds its settings, nothing that changes, and no memory of a
/// pass.
///
/// Threading contract: all members are const and may be called from many threads at once.
/// Lanes never mix, except where a parameter's gradient sums over them.
class Layer {
 public:
  virtual ~Layer() = default;

  /// The shape of one sample's output.
  /// @throws Error (usage) if the inputs do not suit, in words that show the arithmetic. The graph
  ///         adds the layer's name and place.
  virtual Shape output_shape(std::span<const Shape> inputs) const = 0;

  /// How `output_shape` comes about; empty where it equals the input's.
  virtual std::vector<ShapeArithmetic> arithmetic(std::span<const Shape> inputs) const;

  /// Trainable tensors, in the order of the arguments above; none by default.
  virtual std::vector<ParameterSpec> parameters(std::span<const Shape> inputs) const;

  /// Multiply-adds of one sample's forward pass; 0 for layers that only move or compare numbers.
  virtual Index multiply_adds(std::span<const Shape> inputs) const;

  /// The multiply-adds that are carried out: without taps on padding and without unused outputs.
  virtual Index executed_multiply_adds(std::span<const Shape> inputs) const {
    return multiply_adds(inputs);
  }

  virtual Workspace workspace(std::span<const Shape> inputs, Index lanes) const;

  virtual LaneExtent lane_extent() const { return LaneExtent::any; }

  /// Whether the output is the input under another shape, so that the two may share their memory.
  virtual bool is_reshape() const { return false; }

  /// This layer as the end of another layer's kernel; nothing if no kernel can do it.
  virtual std::optional<Epilogue> as_epilogue() const { return {}; }

  /// A layer that does the work of this one and of `next`, its only reader, in one pass and with
  /// the same bits. Inputs and parameters are those of this layer, the output is that of `next`.
  /// Null: there is no such layer.
  virtual std::unique_ptr<Layer> fused_with(const Layer& next) const;

  /// Whether several threads may do one forward or backward together. Each does its share of whole
  /// outputs, of input gradients and of parameter gradients, with scratch memory of its own. Other
  /// layers are always given the whole.
  virtual bool divides() const { return false; }

  /// A faster way than one lane of `forward` for one sample alone, with the same bits. Null: there
  /// is none, and `forward` is used.
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

/// What a layer's file registers: one entry per file, gathered by the build into all_layer_types().
struct LayerType {
  std::string_view name;  ///< as in model files, "conv2d"
  /// Makes a layer called `name` from its settings. Calls no `finish`: the caller does.
  std::unique_ptr<Layer> (*create)(const std::string& name, SettingsReader& settings);
  std::vector<LayerExample> examples;  ///< at least one; odd sizes, strides, paddings
  std::vector<LayerExample> refused;   ///< settings or input shapes that must give an Error
  /// True if the derivative has kinks or ties that finite differences must avoid.
  bool has_kinks = false;
};

/// Every layer type, sorted by name. Generated by the build from the files of this folder.
std::vector<LayerType> all_layer_types();

}  // namespace lockstep
