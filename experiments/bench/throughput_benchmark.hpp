#pragma once

// Images per second of whole training steps and of inference, and the time of one image.

#include "experiments/bench/stopwatch.hpp"
#include "framework/config/experiment_config.hpp"
#include "framework/graph/graph.hpp"
#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// What throughput is measured on; borrowed.
struct ThroughputBenchmark {
  const Graph& graph;
  const Dataset& dataset;
  const Loss& loss;
  Stopwatch& stopwatch;
};

struct Throughput {
  Index batch;
  Index micro_batch;
  int threads;
  Pace images;    ///< per second
  double gflops;  ///< of the median
};

/// Whole training steps as `train` does them: assembly, passes, reduction, update and digest. The
/// learning rate is too small to move the weights.
Throughput measure_training(const ThroughputBenchmark& benchmark, const ExperimentConfig& config,
                            int threads);

/// Evaluations of the data set's first `batch` samples, or of all samples if it has fewer.
Throughput measure_inference(const ThroughputBenchmark& benchmark, Index batch, int threads);

/// Time from the pixels of one image to its probabilities on one thread, in seconds, with the
/// shortest time as `best`.
Measured measure_latency(const ThroughputBenchmark& benchmark);

}  // namespace lockstep
