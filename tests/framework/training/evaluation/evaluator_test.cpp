#include "framework/training/evaluation/evaluator.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <mutex>
#include <numeric>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/graph/micro_batch_pass.hpp"
#include "framework/kernels/softmax.hpp"
#include "framework/training/exchange/canonical_tree.hpp"
#include "framework/training/exchange/thread_communicator.hpp"
#include "tests/support/losses.hpp"
#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

constexpr float kSmoothing = 0.1F;
constexpr std::size_t kClasses = 5;

// 330 samples: five micro-batches of 64 and one of 10. The network drops and scales.
struct Bench {
  Graph graph{testing::busy_network()};
  ParameterStore parameters{graph, 11};
  testing::TestDataset data{330, {2, 8, 7}, kClasses};
  WorkerTeam team{2};
  Evaluator evaluator{graph, parameters.layout(), team, testing::smoothed_cross_entropy()};

  EvaluationResult evaluate() {
    SoloCommunicator solo;
    return evaluator.evaluate(parameters.values(), data, solo);
  }

  /// The outputs of layer `node` for one sample, computed alone and without dropout.
  std::vector<float> outputs(std::size_t node, Index sample) const {
    const Plan plan(graph, 16, PlanPurpose::inspection);
    MicroBatchPass pass(plan, parameters.layout());
    std::vector<float> scaled(parameters.layout().size());
    parameters.layout().apply_scales(parameters.values(), scaled);
    const std::vector<Index> lanes(16, sample);
    data.gather({.samples = lanes}, pass.input());
    pass.forward(scaled, {.training = false, .samples = lanes});
    std::vector<float> values;
    const ConstLaneView view = pass.output_of(node);
    for (std::size_t f = 0; f < view.features; ++f) values.push_back(view.at(f, 0)[0]);
    return values;
  }
  std::vector<float> logits(Index sample) const {
    return outputs(graph.nodes().size() - 1, sample);
  }
};

std::vector<double> softmax(const std::vector<float>& logits) {
  std::vector<double> p(logits.begin(), logits.end());
  double sum = 0;
  for (double& x : p) sum += x = std::exp(x);
  for (double& x : p) x /= sum;
  return p;
}

double smoothed_loss(const std::vector<double>& p, std::size_t label) {
  double loss = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    const double share = static_cast<double>(kSmoothing) / static_cast<double>(p.size());
    loss -= std::log(p[k]) * (share + (k == label ? 1 - static_cast<double>(kSmoothing) : 0));
  }
  return loss;
}

/// Samples of one number and one label, 0.
class OneNumber final : public Dataset {
 public:
  explicit OneNumber(std::size_t size) : labels_(size) {}

  static float of(Index n) {
    return n % 3 == 0 ? 16.0F - static_cast<float>(n % 500) * 0.01F
                      : -1e7F * static_cast<float>(n % 7);
  }

  Index size() const override { return static_cast<Index>(labels_.size()); }
  Shape sample_shape() const override { return {1}; }
  Index classes() const override { return 2; }
  std::span<const Label> labels() const override { return labels_; }
  void gather(const GatherRequest& request, LaneView block) const override {
    for (std::size_t n = 0; n < block.lanes(); ++n) {
      block.at(0, n / kLanes)[n % kLanes] = of(request.samples[n]);
    }
  }

 private:
  std::vector<std::uint8_t> labels_;
};

/// Writes down the first sample of each micro-batch that is gathered.
class WatchedDataset final : public Dataset {
 public:
  explicit WatchedDataset(const Dataset& dataset) : dataset_(dataset) {}

  Index size() const override { return dataset_.size(); }
  Shape sample_shape() const override { return dataset_.sample_shape(); }
  Index classes() const override { return dataset_.classes(); }
  std::span<const Label> labels() const override { return dataset_.labels(); }
  void gather(const GatherRequest& request, LaneView block) const override {
    const std::lock_guard lock(writing_);
    gathered_.push_back(request.samples.front());
    dataset_.gather(request, block);
  }

  const std::vector<Index>& gathered() const { return gathered_; }

 private:
  const Dataset& dataset_;
  mutable std::mutex writing_;
  mutable std::vector<Index> gathered_;
};

/// The loss of logits whose first is the label's.
double loss_of_first(const std::vector<float>& logits) {
  AlignedBuffer<float> memory(logits.size() * kLanes);
  for (std::size_t k = 0; k < logits.size(); ++k) memory.span()[k * kLanes] = logits[k];
  const std::vector<std::uint8_t> labels = {0};
  std::vector<float> losses(kLanes);
  softmax_cross_entropy({.logits = blocked_view(memory.span().data(), logits.size(), 1),
                         .labels = labels,
                         .gradient = {},
                         .losses = losses});
  return static_cast<double>(losses[0]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evaluator)

BOOST_AUTO_TEST_CASE(figures_are_those_of_each_sample_alone_without_dropout) {
  Bench bench;
  const EvaluationResult result = bench.evaluate();
  Index correct = 0;
  double loss = 0;
  std::vector<Index> confusion(kClasses * kClasses);
  for (Index sample = 0; sample < bench.data.size(); ++sample) {
    const std::size_t label = bench.data.labels()[static_cast<std::size_t>(sample)];
    const std::vector<float> logits = bench.logits(sample);
    const auto guess = static_cast<std::size_t>(std::ranges::max_element(logits) - logits.begin());
    correct += guess == label ? 1 : 0;
    ++confusion[label * kClasses + guess];
    loss += smoothed_loss(softmax(logits), label);
  }
  BOOST_TEST(result.samples == 330);
  BOOST_TEST(result.correct == correct);
  BOOST_TEST(result.confusion == confusion, boost::test_tools::per_element());
  // Each loss of about 1.6 is a float: an error of some 1e-7.
  BOOST_TEST(std::abs(result.loss_sum - loss) < 330 * 1e-6);
  BOOST_TEST(result.loss() == result.loss_sum / 330);
}

BOOST_AUTO_TEST_CASE(probabilities_are_those_of_each_sample_alone) {
  Bench bench;
  const std::vector<float> all =
      bench.evaluator.probabilities(bench.parameters.values(), bench.data);
  BOOST_REQUIRE_EQUAL(all.size(), 330 * kClasses);
  for (Index sample = 0; sample < 330; ++sample) {
    const std::vector<double> expected = softmax(bench.logits(sample));
    for (std::size_t k = 0; k < kClasses; ++k) {
      const float found = all[static_cast<std::size_t>(sample) * kClasses + k];
      BOOST_TEST(std::abs(static_cast<double>(found) - expected[k]) < 1e-6);
    }
  }
}

BOOST_AUTO_TEST_CASE(losses_are_summed_along_the_tree_over_micro_batches) {
  // Outputs (x, 0) and label 0: the loss is log(1 + e^-x), from 1e-7 to 1e9, so additions round.
  const OneNumber data(5000);
  const Graph graph(
      parse_graph_spec(testing::model_value({1}, {{"f", "dense", {{"units", "2"}}}})));
  ParameterStore parameters(graph, 1);
  std::ranges::copy(std::vector<float>{1, 0, 0, 0}, parameters.mutable_values().begin());
  const WorkerTeam team(2);
  SoloCommunicator solo;
  Evaluator evaluator(graph, parameters.layout(), team, testing::cross_entropy());
  const double found = evaluator.evaluate(parameters.values(), data, solo).loss_sum;
  std::vector<double> leaves(79);
  for (Index n = 0; n < data.size(); ++n) {
    leaves[static_cast<std::size_t>(n / 64)] += loss_of_first({OneNumber::of(n), 0});
  }
  BOOST_TEST(found == canonical_sum(leaves));
  BOOST_TEST(found != std::accumulate(leaves.begin(), leaves.end(), 0.0));  // the orders differ
}

BOOST_AUTO_TEST_CASE(ranks_share_the_micro_batches_and_find_the_same_bits) {
  Bench bench;
  const EvaluationResult alone = bench.evaluate();
  std::mutex checking;
  for (const int ranks : {1, 2, 4}) {
    std::vector<Index> gathered;
    ThreadGroup(ranks).run([&](Communicator& communicator) {
      const WatchedDataset data(bench.data);
      const WorkerTeam team(2);
      Evaluator evaluator(bench.graph, bench.parameters.layout(), team,
                          testing::smoothed_cross_entropy());
      const EvaluationResult found =
          evaluator.evaluate(bench.parameters.values(), data, communicator);
      const std::lock_guard lock(checking);
      BOOST_TEST(found.samples == alone.samples);
      BOOST_TEST(found.correct == alone.correct);
      BOOST_TEST(found.loss_sum == alone.loss_sum);
      BOOST_TEST(found.confusion == alone.confusion, boost::test_tools::per_element());
      // 6 micro-batches: each rank has at most its share, rounded up.
      BOOST_TEST(data.gathered().size() <= static_cast<std::size_t>((6 + ranks - 1) / ranks));
      std::ranges::copy(data.gathered(), std::back_inserter(gathered));
    });
    std::ranges::sort(gathered);
    BOOST_TEST(gathered == (std::vector<Index>{0, 64, 128, 192, 256, 320}),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(its_watcher_hears_how_far_it_is) {
  Bench bench;
  bench.data = testing::TestDataset(4100, {2, 8, 7}, kClasses);
  const WorkerTeam team(2);
  SoloCommunicator solo;
  Evaluator evaluator(bench.graph, bench.parameters.layout(), team,
                      testing::smoothed_cross_entropy());
  std::vector<Index> heard;
  evaluator.set_watcher([&](Index samples, Index of) {
    BOOST_TEST(of == 4100);
    heard.push_back(samples);
  });
  BOOST_TEST(evaluator.evaluate(bench.parameters.values(), bench.data, solo).samples == 4100);
  BOOST_TEST(heard == (std::vector<Index>{2050, 4100}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(activations_are_those_of_the_first_samples_without_idle_lanes) {
  Bench bench;
  bench.data = testing::TestDataset(10, {2, 8, 7}, kClasses);
  const std::vector<ActivationFigures> found =
      bench.evaluator.activations(bench.parameters.values(), bench.data);
  BOOST_REQUIRE_EQUAL(found.size(), bench.graph.nodes().size());
  for (std::size_t node = 0; node < found.size(); ++node) {
    double sum = 0;
    double count = 0;
    for (Index sample = 0; sample < 10; ++sample) {
      for (const float x : bench.outputs(node, sample)) {
        sum += static_cast<double>(x) * static_cast<double>(x);
        count += 1;
      }
    }
    BOOST_TEST(std::abs(found[node].rms - std::sqrt(sum / count)) <= 1e-12 * found[node].rms);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
