#include "framework/config/experiment_training.hpp"

namespace lockstep {
namespace {

TrainerSettings settings_of(const ExperimentConfig& config, Index training_samples) {
  TrainerSettings settings{.seed = config.seed,
                           .total_steps = total_steps(config.train, training_samples),
                           .batch_size = config.train.batch_size,
                           .micro_batch = config.train.micro_batch,
                           .clip_norm = std::nullopt,
                           .digest_every_steps = config.metrics.digest_every_steps,
                           .evaluate = config.evaluate,
                           .checkpoint = config.checkpoint.rhythm};
  if (config.train.clip_norm > 0) settings.clip_norm = config.train.clip_norm;
  return settings;
}

}  // namespace

TrainingSetup training_of(const ExperimentConfig& config, const Graph& graph,
                          const TrainingSets& data) {
  ParameterStore parameters(graph, config.seed);
  auto optimizer = make_optimizer(config.optimizer, parameters.layout().size());
  return {.graph = graph,
          .data = data,
          .settings = settings_of(config, data.training.size()),
          .loss = make_loss(config.loss),
          .schedule = make_schedule(config.learning_rate),
          .parameters = std::move(parameters),
          .optimizer = std::move(optimizer)};
}

}  // namespace lockstep
