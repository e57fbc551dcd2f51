#include "experiments/check/facts.hpp"

#include <algorithm>
#include <cmath>

#include "framework/config/experiment_training.hpp"
#include "framework/schedules/schedule.hpp"
#include "framework/training/diagnosis/nearest_mean.hpp"
#include "framework/training/step/first_samples.hpp"
#include "framework/training/step/sampler.hpp"

namespace lockstep {
namespace {

constexpr Index kTrialSteps = 100;
// At most: a few seconds are enough to see whether the network learns.
constexpr Index kTrialBatch = 512;
constexpr Index kOneBatch = 64;
constexpr Index kProbeSamples = 128;
constexpr std::size_t kGradientSamples = 32;
constexpr Index kNearestSamples = 1000;  // for the means, and as many to test them on
constexpr double kSigmas = 4;
constexpr double kHighestRate = 1e6;  // the highest that an experiment may ask for

double deviation_of(double chance, double samples) {
  return std::sqrt(chance * (1 - chance) / samples);
}

std::vector<Index> shuffled_samples(const Dataset& dataset, std::uint64_t seed) {
  Sampler sampler(dataset.size(), std::min(dataset.size(), 2 * kNearestSamples), seed);
  const GlobalBatch batch = sampler.batch(0);
  return {batch.samples.begin(), batch.samples.end()};
}

double largest_class_share(const Dataset& dataset) {
  std::vector<Index> counts(static_cast<std::size_t>(dataset.classes()));
  for (const Label label : dataset.labels()) ++counts[label];
  return static_cast<double>(std::ranges::max(counts)) / static_cast<double>(dataset.size());
}

struct TrialSize {
  Index batch_size;
  double rate_factor = 1;
};

TrialResult trial_of(const CheckBench& bench, const Dataset& dataset, const TrialSize& size) {
  const ExperimentConfig& config = bench.config;
  const Schedule whole = make_schedule(config.learning_rate);
  TrainingSetup setup = training_of(config, bench.graph, {.training = dataset});
  setup.settings.total_steps = kTrialSteps;
  setup.settings.batch_size = size.batch_size;
  setup.settings.digest_every_steps = 0;
  setup.schedule = shortened(whole, total_steps(config.train, bench.training.size()), kTrialSteps,
                             size.rate_factor);
  return run_trial(setup, bench.team);
}

Index trial_batch(const CheckBench& bench) {
  return std::min({bench.config.train.batch_size, kTrialBatch, bench.training.size()});
}

std::optional<std::string> first_broken_layer(const NetworkFigures& figures) {
  const auto found = std::ranges::find(figures.layers, false, &LayerFigures::is_finite);
  if (found == figures.layers.end()) return std::nullopt;
  return found->layer;
}

// Powers of ten, and what the first step's updates ask for. Later updates are of weights that a
// wrong rate has already spoiled.
std::vector<double> rate_factors(const TrialResult& trial) {
  constexpr double kGoodUpdate = 3e-3;  // of the weights, per step
  std::vector<double> factors{0.1, 0.01, 0.001, 10.0, 100.0};
  double largest = 0;
  for (const double ratio : trial.first_update_ratios) {
    if (std::isfinite(ratio)) largest = std::max(largest, ratio);
  }
  if (largest == 0) return factors;  // no gradient, so that no rate changes anything
  double factor = 1;
  while (largest * factor > kGoodUpdate) factor /= 10;
  while (largest * factor < kGoodUpdate / 10) factor *= 10;
  for (const double candidate : {10 * factor, factor, factor / 10, factor / 100}) {
    const bool is_new = candidate < 0.0005 || candidate > 500;
    if (is_new) factors.push_back(candidate);
  }
  return factors;
}

}  // namespace

bool CheckFacts::inputs_tell_classes() const {
  return nearest_mean >
         chance + kSigmas * deviation_of(chance, static_cast<double>(nearest_samples));
}

bool CheckFacts::learns(const TrialResult& result) const {
  if (!result.is_finite) return false;
  const double seen = static_cast<double>(batch_size * result.steps) / 4;
  const double goal = inputs_tell_classes() ? (chance + nearest_mean) / 2
                                            : chance + kSigmas * deviation_of(chance, seen);
  return result.accuracy >= goal;
}

CheckFacts gather_check_facts(const CheckBench& bench) {
  const Dataset& dataset = bench.training;
  CheckFacts facts{.graph = bench.graph, .config = bench.config};
  const std::vector<Index> samples = shuffled_samples(dataset, bench.config.seed);
  const std::span<const Index> all(samples);
  const std::size_t half = std::max<std::size_t>(1, all.size() / 2);
  facts.chance = largest_class_share(dataset);
  facts.nearest_samples = static_cast<Index>(all.size() - all.size() / 2);
  facts.nearest_mean = nearest_mean_accuracy(dataset, all.first(half), all.subspan(all.size() / 2));
  facts.batch_size = trial_batch(bench);

  const auto loss = make_loss(bench.config.loss);
  facts.guessing_loss = loss->guessing_loss(bench.graph.output_shape().size());
  Examination probe{
      .parameters = {},
      .dataset = dataset,
      .samples = all.first(std::min(all.size(), static_cast<std::size_t>(kProbeSamples))),
      .loss = *loss};
  const ParameterStore initial(bench.graph, bench.config.seed);
  probe.parameters = initial.values();
  facts.network = probe_network(bench.graph, probe);
  facts.gradients =
      check_gradients(bench.graph, {.parameters = initial.values(),
                                    .dataset = dataset,
                                    .samples = all.first(std::min(all.size(), kGradientSamples)),
                                    .loss = *loss});
  facts.trial = run_check_trial(bench);
  if (!facts.trial.is_finite) {
    probe.parameters = facts.trial.parameters;
    facts.broken_layer = first_broken_layer(probe_network(bench.graph, probe));
  }
  if (!facts.learns(facts.trial)) {
    const FirstSamples one_batch(dataset, std::min(kOneBatch, dataset.size()));
    facts.one_batch = trial_of(bench, one_batch, {.batch_size = one_batch.size()});
  }
  return facts;
}

std::vector<RateTrial> try_rates(const CheckBench& bench, const TrialResult& trial) {
  const double usual_peak = make_schedule(bench.config.learning_rate).peak();
  std::vector<RateTrial> trials;
  for (const double factor : rate_factors(trial)) {
    const double peak = usual_peak * factor;
    if (peak > kHighestRate) continue;
    trials.push_back(
        {.peak = peak,
         .result = trial_of(bench, bench.training,
                            {.batch_size = trial_batch(bench), .rate_factor = factor})});
  }
  return trials;
}

TrialResult run_check_trial(const CheckBench& bench) {
  return trial_of(bench, bench.training, {.batch_size = trial_batch(bench)});
}

}  // namespace lockstep
