#include "framework/core/elementary.hpp"
#include "framework/kernels/softmax.hpp"
#include "framework/losses/loss.hpp"

namespace lockstep {
namespace {

/// The cross entropy of the labels and the softmax of the outputs. Label smoothing spreads a part
/// of a label's probability over all classes, its own included.
/// @see Szegedy et al. 2016, section 7
class SoftmaxCrossEntropyLoss final : public Loss {
 public:
  explicit SoftmaxCrossEntropyLoss(SettingsReader& settings)
      : label_smoothing_(static_cast<float>(settings.real_or("label_smoothing", kBelowOne, 0))) {}

  void take(const LossArguments& arguments) const override {
    softmax_cross_entropy({.logits = arguments.outputs,
                           .labels = arguments.labels,
                           .label_smoothing = label_smoothing_,
                           .gradient = arguments.gradient,
                           .losses = arguments.losses});
  }

  /// With or without smoothing: all classes are equally probable, whatever the target.
  double guessing_loss(Index classes) const override {
    return elementary::log(static_cast<double>(classes));
  }

  void probabilities(ConstLaneView outputs, LaneView probabilities) const override {
    softmax_probabilities(outputs, probabilities);
  }

 private:
  static constexpr SettingsReader::Bounds kBelowOne{
      .low = 0, .high = 1, .ends = SettingsReader::Bounds::Ends::below_high};

  float label_smoothing_;
};

std::unique_ptr<const Loss> create(SettingsReader& settings) {
  return std::make_unique<SoftmaxCrossEntropyLoss>(settings);
}

}  // namespace

LossType softmax_cross_entropy_loss_type() {
  return {
      .name = "softmax_cross_entropy",
      .create = create,
      .examples = {{}, {{"label_smoothing", "0.1"}}, {{"label_smoothing", "0.9375"}}},
      .refused = {{{"label_smoothing", "1"}},
                  {{"label_smoothing", "-0.1"}},
                  {{"label_smoothing", "none"}},
                  {{"smoothing", "0.1"}}},
  };
}

}  // namespace lockstep
