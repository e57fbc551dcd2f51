#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "framework/core/parallel.hpp"
#include "framework/graph/parameter_store.hpp"
#include "framework/losses/loss.hpp"
#include "framework/optimizers/optimizer.hpp"
#include "framework/schedules/schedule.hpp"
#include "framework/training/exchange/communicator.hpp"
#include "framework/training/exchange/training_request.hpp"
#include "framework/training/step/dataset.hpp"
#include "framework/training/step/heartbeat.hpp"
#include "framework/training/training_progress.hpp"

namespace lockstep {

/// How often something happens: every given number of epochs (fractions are fine) or steps.
struct Rhythm {
  double every_epochs = 0;  ///< 0: counted in steps
  Index every_steps = 0;    ///< 0: never

  /// Whether it is due right after step `step` (counted from 1).
  bool is_due(Index step, Index steps_per_epoch) const;
};

struct TrainerSettings {
  std::uint64_t seed = 1;
  Index total_steps = 0;
  Index batch_size = 0;
  Index micro_batch = 0;
  std::optional<double> clip_norm{};
  Index digest_every_steps = 1;  ///< 0: never
  Rhythm evaluate{};
  Rhythm checkpoint{};
  Index pause_step = 0;  ///< where to stop before the last step; 0: nowhere
};

/// What is trained on; borrowed.
struct TrainingSets {
  const Dataset& training;
  const Dataset* validation = nullptr;  ///< may be null
  const Dataset* test = nullptr;        ///< may be null
};

/// A training, independent of where it runs: what is trained, how, on what, and how far it is. A
/// trainer works on it. Parameters, optimizer and progress are all that it needs to go on
/// elsewhere.
struct TrainingSetup {
  const Graph& graph;  ///< borrowed
  TrainingSets data;
  TrainerSettings settings;
  std::unique_ptr<const Loss> loss;
  Schedule schedule;
  ParameterStore parameters;
  std::unique_ptr<Optimizer> optimizer;
  TrainingProgress progress{};
};

/// Where and when a training runs; borrowed.
struct TrainingPlace {
  const WorkerTeam& team;
  Communicator& communicator;
  double (*clock)();                  ///< seconds since any fixed moment
  RequestSource* requests = nullptr;  ///< may be null
  Heartbeat* heartbeat = nullptr;     ///< may be null; told where this rank is

  void enter(const char* where, Index step, bool waits_for_ranks = false) const {
    if (heartbeat != nullptr) heartbeat->enter(where, step, waits_for_ranks);
  }
};

}  // namespace lockstep
