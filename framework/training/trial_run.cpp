#include "framework/training/trial_run.hpp"

#include <algorithm>

#include "framework/core/error.hpp"
#include "framework/training/diagnosis/weight_figures.hpp"
#include "framework/training/exchange/communicator.hpp"

namespace lockstep {
namespace {

double no_clock() { return 0; }

// What each layer's weights are moved by, from step to step.
class UpdateRatios {
 public:
  UpdateRatios(const Graph& graph, const ParameterStore& parameters)
      : parameters_(parameters),
        before_(parameters.values().begin(), parameters.values().end()),
        sums_(graph.nodes().size()) {}

  void take_step() {
    for (std::size_t node = 0; node < sums_.size(); ++node) sums_[node] += ratio(node);
    if (steps_ == 0) first_ = sums_;
    std::copy(parameters_.values().begin(), parameters_.values().end(), before_.begin());
    ++steps_;
  }

  const std::vector<double>& first() const { return first_; }
  std::vector<double> means() const {
    std::vector<double> means = sums_;
    for (double& mean : means) mean /= steps_;
    return means;
  }

 private:
  const ParameterStore& parameters_;
  std::vector<float> before_;
  std::vector<double> sums_;
  std::vector<double> first_;
  double steps_ = 0;

  double ratio(std::size_t node) const {
    const ParameterLayout& layout = parameters_.layout();
    if (layout.first_entry(node) == layout.first_entry(node + 1)) return kNotMeasured;
    const std::size_t weight = layout.first_entry(node);
    return update_ratio(layout.view(std::span<const float>(before_), weight),
                        parameters_.tensor(weight));
  }
};

// Sums over the batches of the last quarter.
struct LastQuarter {
  double loss = 0;
  Index samples = 0;
  Index correct = 0;

  void add(const StepRecord& record, Index correct_now) {
    loss += record.loss * static_cast<double>(record.samples);
    samples += record.samples;
    correct += correct_now;
  }
  void finish(TrialResult& result) const {
    const auto count = static_cast<double>(samples);
    result.loss = samples == 0 ? kNotMeasured : loss / count;
    result.accuracy = samples == 0 ? kNotMeasured : static_cast<double>(correct) / count;
  }
};

void train(Trainer& trainer, Index steps, UpdateRatios& ratios, TrialResult& result) {
  LastQuarter last;
  for (Index step = 0; step < steps; ++step) {
    const Index correct_before = trainer.progress().epoch_correct;
    const StepRecord record = trainer.train_step();
    ratios.take_step();
    result.steps = record.step;
    if (step == 0) result.first_loss = record.loss;
    if (4 * (step + 1) > 3 * steps) {
      last.add(record, trainer.progress().epoch_correct - correct_before);
    }
  }
  last.finish(result);
}

}  // namespace

TrialResult run_trial(const TrialRequest& request) {
  ParameterStore parameters(request.graph, request.trainer.seed);
  const auto optimizer = make_optimizer(request.optimizer, parameters.layout().size());
  SoloCommunicator solo;
  Trainer trainer({.graph = request.graph,
                   .parameters = parameters,
                   .optimizer = *optimizer,
                   .schedule = request.schedule,
                   .training = request.dataset,
                   .validation = nullptr,
                   .test = nullptr,
                   .team = request.team,
                   .communicator = solo,
                   .clock = no_clock},
                  request.trainer);
  UpdateRatios ratios(request.graph, parameters);
  TrialResult result{.first_loss = kNotMeasured, .loss = kNotMeasured, .accuracy = kNotMeasured};
  try {
    train(trainer, request.trainer.total_steps, ratios, result);
  } catch (const CollectiveError& error) {
    if (error.kind() != ErrorKind::numeric) throw;
    result.is_finite = false;
  }
  result.first_update_ratios = ratios.first();
  result.update_ratios = ratios.means();
  result.parameters.assign(parameters.values().begin(), parameters.values().end());
  return result;
}

ScheduleSettings shortened(const ScheduleSettings& schedule, Index total_steps, Index steps) {
  ScheduleSettings shorter = schedule;
  const double part = static_cast<double>(steps) / static_cast<double>(total_steps);
  shorter.warmup = std::min(1.0, static_cast<double>(warmup_steps(schedule, total_steps)) /
                                     static_cast<double>(total_steps));
  shorter.warmup_steps = 0;
  shorter.every_steps =
      std::max(Index{1}, static_cast<Index>(static_cast<double>(schedule.every_steps) * part));
  return shorter;
}

}  // namespace lockstep
