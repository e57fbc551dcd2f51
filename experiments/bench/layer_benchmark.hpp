#pragma once

// What each layer of a network costs by itself, forward and backward, on one thread.

#include <string>
#include <string_view>
#include <vector>

#include "experiments/bench/stopwatch.hpp"
#include "framework/config/experiment_config.hpp"
#include "framework/graph/graph.hpp"
#include "framework/graph/plan.hpp"
#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// The least that must be done: operations, and the bytes of inputs, outputs, parameters and
/// gradients, each counted once. What a kernel stores for itself or reads twice is not counted.
struct Workload {
  double operations = 0;  ///< two for each multiply-add that is carried out, and nothing else
  double bytes = 0;

  /// Operations per byte.
  double intensity() const { return operations / bytes; }
};

/// One step of a training plan: a layer, or several that are done in one pass.
struct StepWorkload {
  std::string name;  ///< "c1+relu1+s2"
  Workload forward{};
  Workload backward{};  ///< zero if the step has no backward pass
};

/// The workload of each step for one micro-batch with this many samples.
std::vector<StepWorkload> step_workloads(const Plan& plan, Index samples);

/// Floating point operations for one sample: forward, and in a whole training step.
struct SampleOperations {
  double forward;
  double training;
};
SampleOperations sample_operations(const Graph& graph);

/// One phase of one step of the plan.
struct LayerTiming {
  std::string name;
  std::string_view phase;  ///< "forward" or "backward"
  Workload workload;       ///< of a micro-batch
  double seconds;          ///< of a micro-batch, median
  Measured peak_fraction;  ///< of the peak of one thread

  double gflops() const { return workload.operations / seconds / 1e9; }
};

/// A part of a training step that is not a layer.
struct PartTiming {
  std::string name;
  double seconds;  ///< per image, median
};

struct LayerBenchmark {
  std::vector<LayerTiming> layers{};
  std::vector<PartTiming> parts{};
  Index samples = 0;  ///< of a micro-batch
};

/// Measures a micro-batch of the experiment, with samples of its data.
LayerBenchmark measure_layers(const ExperimentConfig& config, const Graph& graph,
                              const Dataset& dataset, Stopwatch& stopwatch);

}  // namespace lockstep
