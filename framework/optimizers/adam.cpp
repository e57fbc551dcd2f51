#include <cmath>
#include <limits>

#include "framework/optimizers/optimizer.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/optimizers/adam.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/stretches-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

using Bounds = SettingsReader::Bounds;

/// Adam (Kingma and Ba 2015, algorithm 1): g = gradient + weight_decay * value;
/// m = beta1 * m + (1 - beta1) * g; v = beta2 * v + ((1 - beta2) * g) * g;
/// value = value - ((rate / (1 - beta1^t)) * m) / (sqrt(v) / sqrt(1 - beta2^t) + epsilon),
/// where t counts steps from 1 and the powers are running products in double.
class Adam final : public UpdateRule {
 public:
  Adam(SettingsReader& settings, std::size_t size)
      : beta1_(settings.real_or("beta1", {0, 1, Bounds::Ends::below_high}, 0.9)),
        beta2_(settings.real_or("beta2", {0, 1, Bounds::Ends::below_high}, 0.999)),
        epsilon_(settings.real_or("epsilon", {kLeastEpsilon, 1}, 1e-8)) {
    add_buffer("first_moment", size);
    add_buffer("second_moment", size);
    add_scalar("beta1_power", 1);
    add_scalar("beta2_power", 1);
  }

  void start_step(float learning_rate) override {
    scalar(0) *= beta1_;
    scalar(1) *= beta2_;
    rate_ = static_cast<float>(static_cast<double>(learning_rate) / (1 - scalar(0)));
    root_ = static_cast<float>(std::sqrt(1 - scalar(1)));
  }

  void update(const UpdateStretch& stretch) override {
    const V rate = of(rate_);
    const V root = of(root_);
    const V decay = of(stretch.weight_decay);
    const V beta1 = of(static_cast<float>(beta1_));
    const V beta2 = of(static_cast<float>(beta2_));
    const V rest1 = of(static_cast<float>(1 - beta1_));
    const V rest2 = of(static_cast<float>(1 - beta2_));
    const V epsilon = of(static_cast<float>(epsilon_));
    const float* const gradient = stretch.gradient.data();
    float* const values = stretch.values.data();
    float* const first = part_of(0, stretch);
    float* const second = part_of(1, stretch);
    for_stretches(stretch.values.size(),
                  [&](const auto& load, const auto& store) LOCKSTEP_INLINE_LAMBDA {
                    const V value = load(values);
                    const V g = load(gradient) + decay * value;
                    const V m = beta1 * load(first) + rest1 * g;
                    const V v = beta2 * load(second) + (rest2 * g) * g;
                    store(m, first);
                    store(v, second);
                    store(value - (rate * m) / (hn::Sqrt(v) / root + epsilon), values);
                  });
  }

 private:
  /// What is smaller is 0 in float32, and would divide 0 by 0.
  static constexpr double kLeastEpsilon = std::numeric_limits<float>::denorm_min();

  double beta1_;
  double beta2_;
  double epsilon_;
  float rate_ = 0;
  float root_ = 1;
};

std::unique_ptr<UpdateRule> create(SettingsReader& settings, std::size_t size) {
  return std::make_unique<Adam>(settings, size);
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(create);

OptimizerType adam_optimizer_type() {
  return {.name = "adam",
          .create = [](SettingsReader& settings,
                       std::size_t size) { return HWY_DYNAMIC_DISPATCH(create)(settings, size); },
          .examples = {{},
                       {{"beta1", "0.85"}, {"beta2", "0.95"}, {"weight_decay", "0.05"}},
                       {{"beta1", "0"}, {"beta2", "0"}, {"epsilon", "0.001"}}},
          .refused = {{{"beta1", "1"}},
                      {{"beta2", "-0.5"}},
                      {{"epsilon", "0"}},
                      {{"epsilon", "1e-46"}},
                      {{"epsilon", "2"}},
                      {{"weight_decay", "1e7"}}}};
}

}  // namespace lockstep

#endif  // HWY_ONCE
