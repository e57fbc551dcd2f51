#include "framework/config/trainer_settings.hpp"

namespace lockstep {

TrainerSettings trainer_settings_of(const ExperimentConfig& config, Index steps) {
  TrainerSettings settings{.seed = config.seed,
                           .total_steps = steps,
                           .batch_size = config.train.batch_size,
                           .micro_batch = config.train.micro_batch,
                           .label_smoothing = static_cast<float>(config.loss.label_smoothing),
                           .clip_norm = std::nullopt,
                           .digest_every_steps = config.metrics.digest_every_steps,
                           .evaluate = config.evaluate,
                           .checkpoint = config.checkpoint.rhythm};
  if (config.train.clip_norm > 0) settings.clip_norm = config.train.clip_norm;
  return settings;
}

}  // namespace lockstep
