#include "framework/training/update/optimizer.hpp"

#include <cmath>

#include "framework/kernels/optimizer.hpp"

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

  void start_step(float learning_rate) override { learning_rate_ = learning_rate; }

  void update(std::size_t first, std::span<float> values,
              std::span<const float> gradient) override {
    sgd_update({.values = values,
                .gradient = gradient,
                .momentum_buffer = buffers_.empty()
                                       ? std::span<float>()
                                       : buffers_[0].values.span().subspan(first, values.size()),
                .learning_rate = learning_rate_,
                .weight_decay = weight_decay_,
                .momentum = momentum_,
                .nesterov = nesterov_});
  }

 private:
  float weight_decay_;
  float momentum_;
  bool nesterov_;
  float learning_rate_ = 0;
};

class Adam final : public Optimizer {
 public:
  Adam(const OptimizerSettings& settings, std::size_t size) : settings_(settings) {
    buffers_.push_back({"first_moment", AlignedBuffer<float>(size)});
    buffers_.push_back({"second_moment", AlignedBuffer<float>(size)});
    scalars_ = {{"beta1_power", 1}, {"beta2_power", 1}};
  }

  void start_step(float learning_rate) override {
    double& beta1_power = scalars_[0].value;
    double& beta2_power = scalars_[1].value;
    beta1_power *= settings_.beta1;
    beta2_power *= settings_.beta2;
    rate_ = static_cast<float>(static_cast<double>(learning_rate) / (1 - beta1_power));
    root_ = static_cast<float>(std::sqrt(1 - beta2_power));
  }

  void update(std::size_t first, std::span<float> values,
              std::span<const float> gradient) override {
    adam_update({.values = values,
                 .gradient = gradient,
                 .first_moment = buffers_[0].values.span().subspan(first, values.size()),
                 .second_moment = buffers_[1].values.span().subspan(first, values.size()),
                 .learning_rate = rate_,
                 .root = root_,
                 .weight_decay = static_cast<float>(settings_.weight_decay),
                 .beta1 = static_cast<float>(settings_.beta1),
                 .beta2 = static_cast<float>(settings_.beta2),
                 .rest1 = static_cast<float>(1 - settings_.beta1),
                 .rest2 = static_cast<float>(1 - settings_.beta2),
                 .epsilon = static_cast<float>(settings_.epsilon)});
  }

 private:
  OptimizerSettings settings_;
  float rate_ = 0;
  float root_ = 1;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerSettings& settings, std::size_t size) {
  if (settings.type == OptimizerSettings::Type::adam) return std::make_unique<Adam>(settings, size);
  return std::make_unique<Sgd>(settings, size);
}

}  // namespace lockstep
