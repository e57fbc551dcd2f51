// The trainer against a plain twin of it: one thread, one micro-batch after the other, each sum as
// the contract states it. The numbers are the same bits, since no order is left open.

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "framework/graph/micro_batch_pass.hpp"
#include "framework/kernels/softmax.hpp"
#include "framework/training/exchange/canonical_tree.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

// Batches of 100, 100 and 50 samples, in micro-batches of which the last hold 4 and 2: clipping,
// dropout, augmentation, a scaled layer, label smoothing and a rate that changes at every step.
constexpr TrainerSettings kSettings{.seed = 11,
                                    .total_steps = 7,
                                    .batch_size = 100,
                                    .micro_batch = 16,
                                    .clip_norm = 0.5,
                                    .evaluate = {.every_steps = 1}};
const testing::TestMethod kTwinMethod{
    .learning_rate = {{"schedule", "one_cycle"}, {"peak", "0.01"}, {"warmup", "0.4"}},
    .loss = {{"label_smoothing", "0.1"}}};

struct Problem {
  SoloCommunicator solo;
  testing::TestRun run{solo, 2, kSettings, kTwinMethod};
  TrainingSetup& setup = run.setup;
};

struct Results {
  std::vector<float> gradient;
  double loss = 0;
  Index correct = 0;
};

Results add(const Results& left, const Results& right) {
  Results sum{left.gradient, left.loss + right.loss, left.correct + right.correct};
  for (std::size_t i = 0; i < sum.gradient.size(); ++i) sum.gradient[i] += right.gradient[i];
  return sum;
}

Results tree_sum(const std::vector<Results>& leaves, const LeafRange& node) {
  if (node.size() == 1) return leaves[static_cast<std::size_t>(node.first)];
  const Index middle = canonical_split(node);
  return add(tree_sum(leaves, {node.first, middle}), tree_sum(leaves, {middle, node.last}));
}

class Twin {
 public:
  /// What one step is made of; the parameters move on.
  struct Step {
    double loss;
    double norm;
    float rate;
    Index correct;
    std::vector<float> gradient;  // as the optimizer sees it
  };

  Step step(Index number) {
    const GlobalBatch batch = sampler_.batch(number);
    std::vector<Results> leaves;
    for (std::size_t first = 0; first < batch.samples.size(); first += 16) {
      const std::size_t count = std::min<std::size_t>(16, batch.samples.size() - first);
      leaves.push_back(micro_batch(batch.samples.subspan(first, count), batch.epoch));
    }
    Results sum = tree_sum(leaves, {0, static_cast<Index>(leaves.size())});
    const auto samples = static_cast<float>(batch.samples.size());
    for (float& g : sum.gradient) g /= samples;
    layout().apply_scales(sum.gradient, sum.gradient);
    GradientNorm norm(layout().size());
    norm.add(0, sum.gradient);
    if (const auto factor = clip_factor(norm.norm(), *kSettings.clip_norm)) {
      for (float& g : sum.gradient) g *= *factor;
    }
    const float rate = problem.setup.schedule.rate(number, kSettings.total_steps);
    problem.setup.optimizer->start_step(rate);
    problem.setup.optimizer->update(0, problem.setup.parameters.mutable_values(), sum.gradient);
    return {sum.loss / static_cast<double>(samples), norm.norm(), rate, sum.correct, sum.gradient};
  }

  Problem problem;

 private:
  const ParameterLayout& layout() const { return problem.setup.parameters.layout(); }

  Results micro_batch(std::span<const Index> samples, std::uint32_t epoch) {
    const Plan plan(problem.setup.graph, 16, PlanPurpose::training);
    MicroBatchPass pass(plan, layout());
    std::vector<Index> lanes(samples.begin(), samples.end());
    lanes.resize(16, lanes.back());
    problem.run.training.gather(
        {.samples = lanes, .seed = kSettings.seed, .epoch = epoch, .augment = true}, pass.input());
    std::vector<std::uint8_t> labels;
    for (const Index sample : samples) {
      labels.push_back(problem.run.training.labels()[static_cast<std::size_t>(sample)]);
    }
    std::vector<float> scaled(layout().size());
    layout().apply_scales(problem.setup.parameters.values(), scaled);
    const PassContext context{
        .training = true, .seed = kSettings.seed, .epoch = epoch, .samples = lanes};
    pass.forward(scaled, context);
    std::vector<float> losses(16);
    softmax_cross_entropy({.logits = pass.output(),
                           .labels = labels,
                           .label_smoothing = 0.1F,
                           .gradient = pass.output_gradient(),
                           .losses = losses});
    std::vector<std::uint8_t> classes(samples.size());
    arg_max(pass.output(), classes);
    Results results{std::vector<float>(layout().size())};
    pass.backward(scaled, results.gradient, context);
    for (std::size_t n = 0; n < samples.size(); ++n) {
      results.loss += static_cast<double>(losses[n]);
      results.correct += classes[n] == labels[n] ? 1 : 0;
    }
    return results;
  }

  Sampler sampler_{250, kSettings.batch_size, kSettings.seed};
};

testing::Recorder train(Problem& problem) {
  testing::Recorder recorder;
  problem.run.train(recorder);
  return recorder;
}

double rms_of_layer(const ParameterLayout& layout, const std::string& layer,
                    const std::vector<float>& gradient) {
  double sum = 0;
  double count = 0;
  for (const ParameterEntry& entry : layout.entries()) {
    if (entry.layer != layer) continue;
    for (std::size_t i = 0; i < entry.size; ++i) {
      const auto g = static_cast<double>(gradient[entry.offset + i]);
      sum += g * g;
    }
    count += static_cast<double>(entry.size);
  }
  return std::sqrt(sum / count);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trainer_twin)

BOOST_AUTO_TEST_CASE(every_step_has_the_bits_of_a_plain_loop_over_micro_batches) {
  Problem problem;
  const testing::Recorder trained = train(problem);
  Twin twin;
  double clipped = 0;
  for (Index number = 0; number < kSettings.total_steps; ++number) {
    const Twin::Step expected = twin.step(number);
    const StepRecord& record = trained.steps[static_cast<std::size_t>(number)];
    BOOST_TEST(record.loss == expected.loss);
    BOOST_TEST(record.gradient_norm == expected.norm);
    BOOST_TEST(record.learning_rate == static_cast<double>(expected.rate));
    BOOST_TEST(record.digest.hex() == twin.problem.setup.parameters.digest().hex());
    clipped += expected.norm > *kSettings.clip_norm ? 1 : 0;
  }
  BOOST_TEST(clipped > 0);  // else clipping would not have been seen
}

BOOST_AUTO_TEST_CASE(the_figures_of_an_epoch_are_those_of_its_samples_so_far) {
  Problem problem;
  const testing::Recorder trained = train(problem);
  Twin twin;
  double loss = 0;
  Index correct = 0;
  Index samples = 0;
  for (Index number = 0; number < kSettings.total_steps; ++number) {
    if (number % 3 == 0) loss = 0, correct = 0, samples = 0;
    const Twin::Step step = twin.step(number);
    const Index batch = number % 3 == 2 ? 50 : 100;
    loss += step.loss * static_cast<double>(batch);
    correct += step.correct;
    samples += batch;
    const EpochRecord& record = trained.evaluations[static_cast<std::size_t>(number)];
    const auto count = static_cast<double>(samples);
    BOOST_TEST(record.train_accuracy == static_cast<double>(correct) / count);
    BOOST_TEST(std::abs(record.train_loss - loss / count) < 1e-12);
    for (const LayerRecord& layer : record.layers) {
      const double rms =
          rms_of_layer(problem.setup.parameters.layout(), layer.layer, step.gradient);
      const bool close = std::abs(layer.gradient_rms - rms) <= 1e-12 * rms;
      const bool both_nan = std::isnan(rms) && std::isnan(layer.gradient_rms);  // no parameters
      BOOST_TEST((close || both_nan), layer.layer);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
