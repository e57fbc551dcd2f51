#include "framework/optimizers/optimizer.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/optimizers/sgd.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/stretches-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

using Bounds = SettingsReader::Bounds;

/// Stochastic gradient descent, PyTorch's: g = gradient + weight_decay * value;
/// buffer = momentum * buffer + g;
/// value = value - rate * (nesterov ? g + momentum * buffer : buffer), or value - rate * g without
/// momentum.
class Sgd final : public UpdateRule {
 public:
  Sgd(SettingsReader& settings, std::size_t size) {
    const double momentum = settings.real_or("momentum", {0, 1, Bounds::Ends::below_high}, 0);
    const bool nesterov = settings.boolean_or("nesterov", false);
    if (nesterov && momentum == 0) {
      throw settings.error_at("nesterov", "is true, which needs a momentum above 0, such as 0.9",
                              errors::kConflictingKeys);
    }
    momentum_ = static_cast<float>(momentum);
    nesterov_ = nesterov;
    has_buffer_ = momentum != 0;
    if (has_buffer_) add_buffer("momentum", size);
  }

  void start_step(float learning_rate) override { learning_rate_ = learning_rate; }

  void update(const UpdateStretch& stretch) override {
    const V rate = of(learning_rate_);
    const V decay = of(stretch.weight_decay);
    const V momentum = of(momentum_);
    const bool nesterov = nesterov_;
    const float* const gradient = stretch.gradient.data();
    float* const values = stretch.values.data();
    float* const buffer = has_buffer_ ? part_of(0, stretch) : nullptr;
    for_stretches(stretch.values.size(),
                  [&](const auto& load, const auto& store) LOCKSTEP_INLINE_LAMBDA {
                    const V value = load(values);
                    const V g = load(gradient) + decay * value;
                    V step = g;
                    if (buffer != nullptr) {
                      const V moved = momentum * load(buffer) + g;
                      store(moved, buffer);
                      step = nesterov ? g + momentum * moved : moved;
                    }
                    store(value - rate * step, values);
                  });
  }

 private:
  float momentum_ = 0;
  bool nesterov_ = false;
  bool has_buffer_ = false;
  float learning_rate_ = 0;
};

std::unique_ptr<UpdateRule> create(SettingsReader& settings, std::size_t size) {
  return std::make_unique<Sgd>(settings, size);
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(create);

OptimizerType sgd_optimizer_type() {
  return {.name = "sgd",
          .create = [](SettingsReader& settings,
                       std::size_t size) { return HWY_DYNAMIC_DISPATCH(create)(settings, size); },
          .examples = {{},
                       {{"momentum", "0.9"}, {"weight_decay", "0.01"}},
                       {{"momentum", "0.5"}, {"nesterov", "true"}}},
          .refused = {{{"momentum", "1"}},
                      {{"momentum", "-0.1"}},
                      {{"nesterov", "true"}},
                      {{"nesterov", "1"}, {"momentum", "0.9"}},
                      {{"weight_decay", "-1"}}}};
}

}  // namespace lockstep

#endif  // HWY_ONCE
