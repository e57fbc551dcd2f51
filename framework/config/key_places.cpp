#include <array>

#include "framework/config/experiment_sections.hpp"

namespace lockstep {
namespace {

struct KeyPlace {
  std::string_view key;
  std::string_view place;
};

constexpr std::string_view kTop = "at the top level of an experiment file";
constexpr std::string_view kData = "under data:";
constexpr std::string_view kTrain = "under train:";
constexpr std::string_view kSgd = "under optimizer:, with type: sgd";
constexpr std::string_view kAdam = "under optimizer:, with type: adam";
constexpr std::string_view kRate = "under learning_rate:";
constexpr std::string_view kFalling = "under learning_rate:, with schedule: cosine or one_cycle";

constexpr auto kPlaces = std::to_array<KeyPlace>({
    {"schema_version", kTop},
    {"name", kTop},
    {"seed", kTop},
    {"model", kTop},
    {"data", kTop},
    {"train", kTop},
    {"loss", kTop},
    {"optimizer", kTop},
    {"learning_rate", kTop},
    {"evaluate", kTop},
    {"checkpoint", kTop},
    {"metrics", kTop},
    {"dataset", kData},
    {"path", kData},
    {"validation", kData},
    {"normalize", kData},
    {"augment", kData},
    {"synthetic", kData},
    {"mean", "under data: normalize:"},
    {"std", "under data: normalize:"},
    {"shift", "under data: augment:"},
    {"channels", "under data: synthetic:"},
    {"side", "under data: synthetic:"},
    {"epochs", kTrain},
    {"steps", kTrain},
    {"batch_size", kTrain},
    {"micro_batch", kTrain},
    {"clip_norm", kTrain},
    {"max_runtime", kTrain},
    {"step_deadline", kTrain},
    {"label_smoothing", "under loss:"},
    {"momentum", kSgd},
    {"nesterov", kSgd},
    {"beta1", kAdam},
    {"beta2", kAdam},
    {"epsilon", kAdam},
    {"weight_decay", "under optimizer:"},
    {"schedule", kRate},
    {"peak", kRate},
    {"warmup", kRate},
    {"warmup_steps", kRate},
    {"initial_fraction", kRate},
    {"final_fraction", kFalling},
    {"factor", "under learning_rate:, with schedule: step or exponential"},
    {"every_epochs", "under evaluate: or checkpoint:"},
    {"every_steps",
     "under evaluate:, checkpoint:, or learning_rate: with schedule: step or exponential"},
    {"keep", "under checkpoint:"},
    {"digest_every_steps", "under metrics:"},
    {"input", "in a model file, or under model:"},
    {"layers", "in a model file, or under model:"},
    // What other trainers call it.
    {"lr", "at the top level of an experiment file, as learning_rate:"},
    {"rate", "under learning_rate:, as peak:"},
    {"base_lr", "under learning_rate:, as peak:"},
    {"batch", "under train:, as batch_size:"},
    {"num_epochs", "under train:, as epochs:"},
    {"iterations", "under train:, as steps:"},
    {"max_steps", "under train:, as steps:"},
    {"clip_gradient_norm", "under train:, as clip_norm:"},
    {"betas", "under optimizer:, as beta1: and beta2:"},
    {"eps", "under optimizer:, as epsilon:"},
    {"network", "at the top level of an experiment file, as model:"},
});

}  // namespace

std::string where_it_belongs(std::string_view key) {
  for (const KeyPlace& known : kPlaces) {
    if (known.key == key) return std::string(known.place);
  }
  return "";
}

}  // namespace lockstep
