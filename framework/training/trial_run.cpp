#include "framework/training/trial_run.hpp"

#include <algorithm>

#include "framework/core/error.hpp"
#include "framework/training/diagnosis/weight_figures.hpp"
#include "framework/training/exchange/communicator.hpp"

namespace lockstep {
namespace {

double no_clock() { return 0; }

// How much each step changes each layer's weights.
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
    const std::optional<std::size_t> weight = parameters_.layout().weight_entry(node);
    if (!weight) return kNotMeasured;
    return update_ratio(parameters_.layout().view(std::span<const float>(before_), *weight),
                        parameters_.tensor(*weight));
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

TrialResult run_trial(TrainingSetup& setup, const WorkerTeam& team) {
  SoloCommunicator solo;
  Trainer trainer(setup, {.team = team, .communicator = solo, .clock = no_clock});
  UpdateRatios ratios(setup.graph, setup.parameters);
  TrialResult result{.first_loss = kNotMeasured, .loss = kNotMeasured, .accuracy = kNotMeasured};
  try {
    train(trainer, setup.settings.total_steps, ratios, result);
  } catch (const CollectiveError& error) {
    if (error.kind() != ErrorKind::numeric) throw;
    result.is_finite = false;
  }
  result.first_update_ratios = ratios.first();
  result.update_ratios = ratios.means();
  result.parameters.assign(setup.parameters.values().begin(), setup.parameters.values().end());
  return result;
}

}  // namespace lockstep
