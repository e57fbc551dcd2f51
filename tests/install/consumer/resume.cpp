// Trains with the installed library alone, saves a checkpoint, and goes on from it in new objects,
// as another process would: the same bits as a training that was never interrupted.

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/catalogue.hpp"
#include "data/section.hpp"
#include "framework/config/config_difference.hpp"
#include "framework/config/experiment_config.hpp"
#include "framework/config/experiment_training.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/storage/checkpoint/training_state.hpp"
#include "framework/storage/hdf5/reading.hpp"
#include "framework/storage/run/run_directory.hpp"
#include "framework/training/trainer.hpp"

namespace {

constexpr const char* kExperiment = R"(
schema_version: 1
name: interrupted
model:
  name: small
  input: {shape: [1, 28, 28]}
  layers:
    - {name: flat, type: flatten}
    - {name: f1, type: dense, units: 16}
    - {name: t1, type: tanh}
    - {name: drop, type: dropout, rate: 0.25}
    - {name: f2, type: dense, units: 10}
data: {dataset: synthetic, synthetic: {train: 500, test: 10}}
train: {steps: 9, batch_size: 96}
optimizer: {type: adam}
learning_rate: {schedule: one_cycle, peak: 0.01, warmup: 0.2}
)";

double no_time() { return 0; }

lockstep::ExperimentConfig experiment(const std::string& yaml) {
  return lockstep::parse_experiment(lockstep::read_yaml_text(yaml, "experiment"),
                                    "interrupted.yaml");
}

// A training and all that it borrows, made from the experiment alone.
class Training {
 public:
  Training(const lockstep::ExperimentConfig& config, const lockstep::LoadedData& data)
      : config_(config),
        data_(data),
        splits_(lockstep::split_data(data, {})),
        graph_(lockstep::parse_graph_spec(config.model)),
        setup_(lockstep::training_of(config, graph_, {.training = *splits_.train})) {}

  // Up to a step, and returns the digest of the weights.
  lockstep::Digest train(lockstep::Index last) {
    const lockstep::WorkerTeam team(2);
    lockstep::SoloCommunicator alone;
    lockstep::Trainer trainer(setup_, {.team = team, .communicator = alone, .clock = no_time});
    while (trainer.progress().step < last) trainer.train_step();
    steps_per_epoch_ = trainer.steps_per_epoch();
    return trainer.weights_digest();
  }

  void save(const lockstep::RunDirectory& run) const {
    lockstep::Checkpoint checkpoint = lockstep::checkpoint_of({.parameters = setup_.parameters,
                                                               .optimizer = *setup_.optimizer,
                                                               .progress = setup_.progress,
                                                               .steps_per_epoch = steps_per_epoch_,
                                                               .seed = config_.seed});
    checkpoint.experiment = lockstep::write_yaml(lockstep::to_value(config_));
    checkpoint.model = lockstep::write_yaml(config_.model);
    checkpoint.provenance.entries = {{lockstep::kDataDigest, data_.train.digest().hex()}};
    run.write_resolved(checkpoint.experiment);
    run.checkpoints().save(checkpoint, {});
  }

  // From the newest checkpoint of a run that is good and of this experiment; returns its step.
  lockstep::Index go_on(const lockstep::RunDirectory& run) {
    const auto why_not = [&](const lockstep::FoundCheckpoint& found) -> std::optional<std::string> {
      const auto keys =
          lockstep::keys_refused_on_resume(experiment(found.checkpoint.experiment), config_);
      if (keys.empty()) return {};
      return fmt::format("{} differs in {}", found.path.string(), fmt::join(keys, ", "));
    };
    const auto found = run.checkpoints().newest_good(why_not);
    if (!found) return 0;
    setup_.progress = lockstep::resume_training(
        *found, {.digest = data_.train.digest(), .origin = data_.origin},
        {.parameters = setup_.parameters, .optimizer = *setup_.optimizer});
    return setup_.progress.step;
  }

 private:
  const lockstep::ExperimentConfig& config_;
  const lockstep::LoadedData& data_;
  lockstep::DataSplits splits_;
  lockstep::Graph graph_;
  lockstep::TrainingSetup setup_;
  lockstep::Index steps_per_epoch_ = 1;
};

}  // namespace

int main(int count, char** arguments) {
  // Checkpoints are parsed by this program in a process of its own.
  if (const auto ended = lockstep::serve_hdf5_reading(count, arguments)) return *ended;
  const std::filesystem::path folder = arguments[1];
  const lockstep::ExperimentConfig config = experiment(kExperiment);
  const lockstep::LoadedData data =
      lockstep::open_dataset({.source = lockstep::read_data_section(config.data).source});
  const lockstep::Digest expected = Training(config, data).train(9);
  {
    Training first(config, data);
    first.train(4);
    first.save(lockstep::RunDirectory({.name = config.name, .out = folder}));
  }
  Training second(config, data);
  const lockstep::RunDirectory run(
      {.name = config.name, .out = folder, .start = lockstep::RunStart::resume});
  const lockstep::Index step = second.go_on(run);
  const lockstep::Digest digest = second.train(9);
  fmt::print("resumed after step {}: {}, expected {}\n", step, digest.hex(), expected.hex());
  return step == 4 && digest == expected ? 0 : 1;
}
