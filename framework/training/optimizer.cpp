#include "framework/training/optimizer.hpp"

#include <cmath>

namespace lockstep {
namespace {

class Sgd final : public Optimizer {
 public:
  Sgd(const OptimizerSettings& settings, std::size_t size)
      : weight_decay_(static_cast<float>(settings.weight_decay)),
        momentum_(static_cast<float>(settings.momentum)),
        nesterov_(settings.nesterov) {
    if (settings.momentum != 0) buffers_.push_back({"momentum", AlignedBuffer<float>(size)});
  }

  void update(std::span<float> values, std::span<const float> gradient,
              float learning_rate) override {
    const float rate = learning_rate;
    if (buffers_.empty()) {
      update_plain(values, gradient, rate);
    } else if (nesterov_) {
      update_nesterov(values, gradient, rate);
    } else {
      update_momentum(values, gradient, rate);
    }
  }

 private:
  float weight_decay_;
  float momentum_;
  bool nesterov_;

  void update_plain(std::span<float> values, std::span<const float> gradient, float rate) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float g = gradient[i] + weight_decay_ * values[i];
      values[i] = values[i] - rate * g;
    }
  }

  void update_momentum(std::span<float> values, std::span<const float> gradient, float rate) {
    const std::span<float> buffer = buffers_[0].values.span();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float g = gradient[i] + weight_decay_ * values[i];
      buffer[i] = momentum_ * buffer[i] + g;
      values[i] = values[i] - rate * buffer[i];
    }
  }

  void update_nesterov(std::span<float> values, std::span<const float> gradient, float rate) {
    const std::span<float> buffer = buffers_[0].values.span();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float g = gradient[i] + weight_decay_ * values[i];
      buffer[i] = momentum_ * buffer[i] + g;
      values[i] = values[i] - rate * (g + momentum_ * buffer[i]);
    }
  }
};

class Adam final : public Optimizer {
 public:
  Adam(const OptimizerSettings& settings, std::size_t size) : settings_(settings) {
    buffers_.push_back({"first_moment", AlignedBuffer<float>(size)});
    buffers_.push_back({"second_moment", AlignedBuffer<float>(size)});
    scalars_ = {{"beta1_power", 1}, {"beta2_power", 1}};
  }

  void update(std::span<float> values, std::span<const float> gradient,
              float learning_rate) override {
    double& beta1_power = scalars_[0].value;
    double& beta2_power = scalars_[1].value;
    beta1_power *= settings_.beta1;
    beta2_power *= settings_.beta2;
    const auto rate = static_cast<float>(static_cast<double>(learning_rate) / (1 - beta1_power));
    const auto root = static_cast<float>(std::sqrt(1 - beta2_power));
    const auto decay = static_cast<float>(settings_.weight_decay);
    const auto beta1 = static_cast<float>(settings_.beta1);
    const auto beta2 = static_cast<float>(settings_.beta2);
    const auto rest1 = static_cast<float>(1 - settings_.beta1);
    const auto rest2 = static_cast<float>(1 - settings_.beta2);
    const auto epsilon = static_cast<float>(settings_.epsilon);
    const std::span<float> m = buffers_[0].values.span();
    const std::span<float> v = buffers_[1].values.span();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float g = gradient[i] + decay * values[i];
      m[i] = beta1 * m[i] + rest1 * g;
      v[i] = beta2 * v[i] + (rest2 * g) * g;
      values[i] = values[i] - (rate * m[i]) / (std::sqrt(v[i]) / root + epsilon);
    }
  }

 private:
  OptimizerSettings settings_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerSettings& settings, std::size_t size) {
  if (settings.type == OptimizerSettings::Type::adam) return std::make_unique<Adam>(settings, size);
  return std::make_unique<Sgd>(settings, size);
}

}  // namespace lockstep
