#include "experiments/bench/layer_benchmark.hpp"

#include <algorithm>
#include <numeric>

#include "framework/core/aligned_buffer.hpp"
#include "framework/graph/micro_batch_pass.hpp"
#include "framework/kernels/buffers.hpp"
#include "framework/kernels/reduce.hpp"
#include "framework/optimizers/optimizer.hpp"
#include "framework/training/step/micro_batch.hpp"

namespace lockstep {
namespace {

constexpr double kCallWindow =
    1e-3;  // seconds: mostly shorter than what the system lets a process run

// The nodes that a step does in one pass, in order. Each is the only reader of the one before.
std::vector<const GraphNode*> nodes_of(const Graph& graph, const PlannedStep& step) {
  const std::vector<GraphNode>& nodes = graph.nodes();
  std::vector<const GraphNode*> found{&nodes[step.first_node]};
  for (std::size_t node = step.first_node; node != step.last_node;) {
    const auto reader = std::find_if(nodes.begin(), nodes.end(), [&](const GraphNode& other) {
      return std::find(other.inputs.begin(), other.inputs.end(), node + 1) != other.inputs.end();
    });
    node = static_cast<std::size_t>(reader - nodes.begin());
    found.push_back(&nodes[node]);
  }
  return found;
}

std::string name_of(const std::vector<const GraphNode*>& nodes) {
  std::string name = nodes.front()->name;
  for (std::size_t i = 1; i < nodes.size(); ++i) name += "+" + nodes[i]->name;
  return name;
}

double features_of(const std::vector<PlannedView>& views) {
  return std::accumulate(views.begin(), views.end(), 0.0, [](double sum, const PlannedView& view) {
    return sum + (view.present ? static_cast<double>(view.features) : 0.0);
  });
}

StepWorkload workload_of(const Graph& graph, const PlannedStep& step, Index samples) {
  const std::vector<const GraphNode*> nodes = nodes_of(graph, step);
  double parameters = 0;
  for (const ParameterSpec& parameter : nodes.front()->parameters) {
    parameters += static_cast<double>(parameter.shape.size());
  }
  const auto count = static_cast<double>(samples);
  const double once =
      2 * count *
      static_cast<double>(step.layer->executed_multiply_adds(nodes.front()->input_shapes));
  const double inputs = features_of(step.inputs);
  const auto outputs = static_cast<double>(step.output.features);
  const double input_gradients = features_of(step.input_gradients);
  StepWorkload work{.name = name_of(nodes)};
  work.forward = {.operations = once,
                  .bytes = sizeof(float) * (count * (inputs + outputs) + parameters)};
  if (!step.runs_backward) return work;
  const bool reaches_inputs = input_gradients > 0;
  work.backward = {.operations = once * ((parameters > 0 ? 1 : 0) + (reaches_inputs ? 1 : 0)),
                   .bytes = sizeof(float) * (count * (inputs + 2 * outputs + input_gradients) +
                                             parameters * (reaches_inputs ? 2 : 1))};
  return work;
}

// What one worker has after both passes over a micro-batch.
class WarmWorker {
 public:
  WarmWorker(const ExperimentConfig& config, const Graph& graph, const Dataset& dataset)
      : dataset_(dataset),
        loss_(make_loss(config.loss)),
        reading_{.training = true, .seed = config.seed},
        samples_(static_cast<std::size_t>(
            std::min({config.train.micro_batch, config.train.batch_size, dataset.size()}))),
        parameters_(graph, config.seed),
        plan_(graph, config.train.micro_batch, PlanPurpose::training),
        pass_(plan_, parameters_.layout()),
        scaled_(parameters_.layout().size()),
        gradients_(parameters_.layout().size()),
        sum_(parameters_.layout().size()),
        optimizer_(make_optimizer(config.optimizer, parameters_.layout().size())),
        batch_(config.train.micro_batch) {
    std::iota(samples_.begin(), samples_.end(), Index{0});
    parameters_.layout().apply_scales(parameters_.values(), scaled_.span());
    assemble();
    pass_.forward(scaled_.span(), batch_.context());
    take_loss();
    pass_.backward(scaled_.span(), gradients_.span(), batch_.context());
  }

  const Plan& plan() const { return plan_; }
  Index samples() const { return static_cast<Index>(samples_.size()); }

  void forward(std::size_t step) const { pass_.forward_step(step, batch_.context()); }
  void backward(std::size_t step) { pass_.backward_step(step, batch_.context(), pass_.scratch()); }

  void assemble() { batch_.assemble(dataset_, samples_, reading_, pass_); }

  void take_loss() { batch_.take_loss(*loss_, pass_); }

  void add_gradient() { add_buffers(gradients_.span(), sum_.span(), sum_.span()); }

  void update() {
    optimizer_->start_step(1e-9F);  // small: a thousand of them change nothing
    divide_buffer(gradients_.span(), 1, gradients_.span());
    optimizer_->update(0, parameters_.mutable_values(), gradients_.span());
  }

  void take_digest() const { parameters_.digest(); }

 private:
  const Dataset& dataset_;
  std::unique_ptr<const Loss> loss_;
  MicroBatch::Reading reading_;
  std::vector<Index> samples_;
  ParameterStore parameters_;
  Plan plan_;
  MicroBatchPass pass_;
  AlignedBuffer<float> scaled_;
  AlignedBuffer<float> gradients_;
  AlignedBuffer<float> sum_;
  std::unique_ptr<Optimizer> optimizer_;
  MicroBatch batch_;
};

// Measures one piece of one thread's work after the other.
class Timer {
 public:
  explicit Timer(Stopwatch& stopwatch) : stopwatch_(stopwatch), alone_(1) {}

  Pace pace(double operations, const std::function<void()>& work) {
    return stopwatch_.measure(
        {.team = alone_, .window = kCallWindow, .operations = operations, .work = [&] {
           work();
           return 1.0;
         }});
  }

  double seconds(const std::function<void()>& work) { return 1 / pace(0, work).per_second.median; }

  LayerTiming layer(const std::string& name, std::string_view phase, const Workload& workload,
                    const std::function<void()>& work) {
    const Pace found = pace(workload.operations, work);
    return {.name = name,
            .phase = phase,
            .workload = workload,
            .seconds = 1 / found.per_second.median,
            .peak_fraction = found.peak_fraction};
  }

 private:
  Stopwatch& stopwatch_;
  WorkerTeam alone_;
};

// Adding the gradients of M micro-batches takes M - 1 additions.
std::vector<PartTiming> measure_parts(const TrainConfig& train, WarmWorker& worker, Timer& timer) {
  const auto samples = static_cast<double>(worker.samples());
  const auto batch = static_cast<double>(train.batch_size);
  const Index micro_batches = (train.batch_size + train.micro_batch - 1) / train.micro_batch;
  const auto additions = static_cast<double>(micro_batches - 1);
  return {{"batch assembly", timer.seconds([&] { worker.assemble(); }) / samples},
          {"loss", timer.seconds([&] { worker.take_loss(); }) / samples},
          {"sum of gradients", timer.seconds([&] { worker.add_gradient(); }) * additions / batch},
          {"update", timer.seconds([&] { worker.update(); }) / batch},
          {"digest", timer.seconds([&] { worker.take_digest(); }) / batch}};
}

}  // namespace

std::vector<StepWorkload> step_workloads(const Plan& plan, Index samples) {
  std::vector<StepWorkload> workloads;
  for (const PlannedStep& step : plan.steps()) {
    workloads.push_back(workload_of(plan.graph(), step, samples));
  }
  return workloads;
}

SampleOperations sample_operations(const Graph& graph) {
  const Plan plan(graph, static_cast<Index>(kLanes), PlanPurpose::training);
  SampleOperations operations{.forward = 0, .training = 0};
  for (const StepWorkload& step : step_workloads(plan, 1)) {
    operations.forward += step.forward.operations;
    operations.training += step.forward.operations + step.backward.operations;
  }
  return operations;
}

LayerBenchmark measure_layers(const ExperimentConfig& config, const Graph& graph,
                              const Dataset& dataset, Stopwatch& stopwatch) {
  WarmWorker worker(config, graph, dataset);
  Timer timer(stopwatch);
  LayerBenchmark found{.samples = worker.samples()};
  const std::vector<StepWorkload> workloads = step_workloads(worker.plan(), worker.samples());
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    const StepWorkload& step = workloads[i];
    found.layers.push_back(
        timer.layer(step.name, "forward", step.forward, [&] { worker.forward(i); }));
    if (!worker.plan().steps()[i].runs_backward) continue;
    found.layers.push_back(
        timer.layer(step.name, "backward", step.backward, [&] { worker.backward(i); }));
  }
  found.parts = measure_parts(config.train, worker, timer);
  return found;
}

}  // namespace lockstep
