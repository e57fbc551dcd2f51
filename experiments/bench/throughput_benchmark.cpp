#include "experiments/bench/throughput_benchmark.hpp"

#include <algorithm>
#include <limits>

#include "experiments/bench/layer_benchmark.hpp"
#include "experiments/text/clock.hpp"
#include "framework/config/experiment_training.hpp"
#include "framework/schedules/schedule.hpp"
#include "framework/training/evaluation/evaluator.hpp"
#include "framework/training/evaluation/predictor.hpp"
#include "framework/training/exchange/communicator.hpp"
#include "framework/training/step/first_samples.hpp"
#include "framework/training/trainer.hpp"

namespace lockstep {
namespace {

constexpr double kStepWindow = 5e-3;  // seconds
constexpr double kLatencyWindow = 1e-3;
constexpr std::uint64_t kSeed = 1;

double gflops_of(const Pace& images, double operations) {
  return images.per_second.median * operations / 1e9;
}

}  // namespace

Throughput measure_training(const ThroughputBenchmark& benchmark, const ExperimentConfig& config,
                            int threads) {
  const WorkerTeam team(threads);
  SoloCommunicator solo;
  TrainingSetup setup = training_of(config, benchmark.graph, {.training = benchmark.dataset});
  setup.settings.total_steps = std::numeric_limits<Index>::max() / 2;
  setup.schedule = constant_schedule(1e-9);
  Trainer trainer(setup, {.team = team, .communicator = solo, .clock = seconds_now});
  const double operations = sample_operations(benchmark.graph).training;
  const Pace images = benchmark.stopwatch.measure(
      {.team = team, .window = kStepWindow, .operations = operations, .work = [&] {
         return static_cast<double>(trainer.train_step().samples);
       }});
  return {.batch = config.train.batch_size,
          .micro_batch = config.train.micro_batch,
          .threads = threads,
          .images = images,
          .gflops = gflops_of(images, operations)};
}

Throughput measure_inference(const ThroughputBenchmark& benchmark, Index batch, int threads) {
  const WorkerTeam team(threads);
  const ParameterStore parameters(benchmark.graph, kSeed);
  const FirstSamples samples(benchmark.dataset, std::min(batch, benchmark.dataset.size()));
  SoloCommunicator solo;
  Evaluator evaluator(benchmark.graph, parameters.layout(), team, benchmark.loss);
  const double operations = sample_operations(benchmark.graph).forward;
  const Pace images = benchmark.stopwatch.measure(
      {.team = team, .window = kStepWindow, .operations = operations, .work = [&] {
         return static_cast<double>(evaluator.evaluate(parameters.values(), samples, solo).samples);
       }});
  return {.batch = batch,
          .micro_batch = std::min(batch, Evaluator::kMicroBatch),
          .threads = threads,
          .images = images,
          .gflops = gflops_of(images, operations)};
}

Measured measure_latency(const ThroughputBenchmark& benchmark) {
  const WorkerTeam alone(1);
  const ParameterStore parameters(benchmark.graph, kSeed);
  Predictor predictor(benchmark.graph, parameters.layout(), parameters.values(), benchmark.loss);
  const Pace images = benchmark.stopwatch.measure(
      {.team = alone, .window = kLatencyWindow, .operations = 0, .work = [&] {
         predictor.probabilities(benchmark.dataset, 0);
         return 1.0;
       }});
  return {.median = 1 / images.per_second.median, .best = 1 / images.per_second.best};
}

}  // namespace lockstep
