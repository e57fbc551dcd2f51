#pragma once

// Small trainings in memory, with all that they borrow.

#include <string>
#include <utility>
#include <vector>

#include "framework/training/trainer.hpp"
#include "tests/support/networks.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep::testing {

/// A clock that stands still.
inline double no_time() { return 0; }

/// How a test trains, as the sections of an experiment say it.
struct TestMethod {
  SettingTexts optimizer{{"type", "adam"}};
  SettingTexts learning_rate{{"schedule", "constant"}, {"peak", "0.01"}};
  SettingTexts loss{};
};

/// A training of the seed's initial weights.
inline TrainingSetup set_up(const Graph& graph, const TrainingSets& data,
                            const TrainerSettings& settings, const TestMethod& method = {}) {
  ParameterStore parameters(graph, settings.seed);
  auto optimizer = make_optimizer(parse_settings(method.optimizer), parameters.layout().size());
  return {.graph = graph,
          .data = data,
          .settings = settings,
          .loss = make_loss(parse_settings(method.loss)),
          .schedule = make_schedule(parse_settings(method.learning_rate)),
          .parameters = std::move(parameters),
          .optimizer = std::move(optimizer)};
}

/// A training of the busy network on one rank: 250 samples of five classes, and 130 held out, which
/// nothing looks at unless a test puts them into `setup.data`.
struct TestRun {
  TestRun(Communicator& communicator_in, int threads, const TrainerSettings& settings,
          const TestMethod& method = {})
      : communicator(communicator_in),
        team(threads),
        setup(set_up(graph, {.training = training}, settings, method)) {}

  Communicator& communicator;
  WorkerTeam team;
  Graph graph{busy_network()};
  TestDataset training{250, {2, 8, 7}, 5};
  TestDataset held_out{130, {2, 8, 7}, 5};
  TrainingSetup setup;

  TrainingPlace place() const {
    return {.team = team, .communicator = communicator, .clock = no_time};
  }
  TrainingEnd train(TrainingObserver& observer) { return Trainer(setup, place()).run(observer); }
};

/// Digests of the weights after each of so many steps.
inline std::vector<std::string> step_digests(TrainingSetup& setup, const TrainingPlace& place,
                                             Index steps) {
  Trainer trainer(setup, place);
  std::vector<std::string> digests;
  for (Index step = 0; step < steps; ++step) digests.push_back(trainer.train_step().digest.hex());
  return digests;
}

/// Keeps all that a training tells.
struct Recorder : TrainingObserver {
  std::vector<StepRecord> steps;
  std::vector<EpochRecord> evaluations;
  std::vector<TrainingProgress> checkpoints;

  void on_step(const StepRecord& record) override { steps.push_back(record); }
  void on_evaluation(const EpochRecord& record) override { evaluations.push_back(record); }
  void on_checkpoint(const TrainingProgress& progress) override { checkpoints.push_back(progress); }

  std::vector<std::string> digests() const {
    std::vector<std::string> all;
    for (const StepRecord& step : steps) all.push_back(step.digest.hex());
    return all;
  }
};

}  // namespace lockstep::testing
