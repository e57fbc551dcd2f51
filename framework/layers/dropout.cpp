#include <cassert>
#include <cstdint>
#include <utility>

#include "framework/core/random.hpp"
#include "framework/kernels/elementwise.hpp"
#include "framework/layers/input_shapes.hpp"
#include "framework/layers/layer.hpp"

namespace lockstep {
namespace {

/// In training only: sets each element to 0 with probability `rate` and scales the others by 1 / (1
/// - rate). Whether an element is kept depends on (seed, layer name, epoch, data-set index,
/// element) alone: it is kept if its uniform draw is at least `rate`.
class Dropout final : public Layer {
 public:
  Dropout(std::string name, SettingsReader& settings)
      : name_(std::move(name)),
        rate_(settings.real(
            "rate", {.low = 0, .high = 1, .ends = SettingsReader::Bounds::Ends::below_high})) {}

  Shape output_shape(std::span<const Shape> inputs) const override { return only_input(inputs); }

  /// Saves the factor of each element, 1 / (1 - rate) or 0, laid out as a blocked view.
  Workspace workspace(std::span<const Shape> inputs, Index lanes) const override {
    return {.saved = inputs.front().size() * lanes};
  }

  void forward(const ForwardArguments& arguments) const override {
    if (!arguments.pass.training) {
      copy_lanes(arguments.inputs[0], arguments.output);
      return;
    }
    const LaneView& output = arguments.output;
    const LaneView factors = blocked_view(arguments.saved.data(), output.features, output.blocks);
    draw_factors(arguments.pass, factors);
    scale_kept_lanes(arguments.inputs[0], factors, output);
  }

  void backward(const BackwardArguments& arguments) const override {
    if (!arguments.input_gradients[0]) return;
    const ConstLaneView& g = arguments.output_gradient;
    if (!arguments.pass.training) {
      copy_lanes(g, arguments.input_gradients[0]);
      return;
    }
    scale_kept_lanes(g, blocked_view(arguments.saved.data(), g.features, g.blocks),
                     arguments.input_gradients[0]);
  }

 private:
  void draw_factors(const PassContext& pass, const LaneView& factors) const {
    assert(pass.samples.size() >= factors.lanes());
    const RandomStream stream(pass.seed, {"dropout", name_});
    for (std::size_t lane = 0; lane < factors.lanes(); ++lane) {
      const Index sample = pass.samples[lane];
      RandomWords words{};
      for (std::size_t element = 0; element < factors.features; ++element) {
        if (element % 4 == 0) words = draw(stream, pass.epoch, sample, element / 4);
        const bool kept = double{uniform_unit(words[element % 4])} >= rate_;
        factors.at(element, lane / kLanes)[lane % kLanes] = kept ? factor() : 0.0F;
      }
    }
  }

  static RandomWords draw(const RandomStream& stream, std::uint32_t epoch, Index sample,
                          std::size_t group) {
    const auto position = static_cast<std::uint64_t>(sample);
    return stream.words(static_cast<std::uint32_t>(group), static_cast<std::uint32_t>(position),
                        static_cast<std::uint32_t>(position >> 32U), epoch);
  }

  float factor() const { return static_cast<float>(1.0 / (1.0 - rate_)); }

  std::string name_;
  double rate_;
};

std::unique_ptr<Layer> create(const std::string& name, SettingsReader& settings) {
  return std::make_unique<Dropout>(name, settings);
}

}  // namespace

LayerType dropout_layer_type() {
  return {
      .name = "dropout",
      .create = create,
      .examples = {{.settings = {{"rate", "0.5"}}, .inputs = {Shape{13}}},
                   {.settings = {{"rate", "0.2"}}, .inputs = {Shape{2, 3, 5}}},
                   {.settings = {{"rate", "0"}}, .inputs = {Shape{4}}}},
      .refused = {{.settings = {}, .inputs = {Shape{4}}},
                  {.settings = {{"rate", "1"}}, .inputs = {Shape{4}}},
                  {.settings = {{"rate", "-0.1"}}, .inputs = {Shape{4}}},
                  {.settings = {{"rate", "half"}}, .inputs = {Shape{4}}},
                  {.settings = {{"rate", "0.5"}}, .inputs = {Shape{4}, Shape{4}}}},
  };
}

}  // namespace lockstep
