#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "framework/training/trainer.hpp"
#include "tests/golden/lenet5_numbers.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

constexpr Index kSamples = 40;

// Numbers in [-scale/2, scale/2): a hash of their index.
float mixed(std::uint64_t i, double scale) {
  auto x = static_cast<std::uint32_t>(i * 2654435761U);
  x = (x ^ x >> 15U) * 2246822519U;
  x = x ^ x >> 13U;
  return static_cast<float>((static_cast<double>(x) / 4294967296.0 - 0.5) * scale);
}

class GoldenDataset final : public Dataset {
 public:
  GoldenDataset() {
    for (Index n = 0; n < kSamples; ++n) labels_.push_back(static_cast<Label>(n * 7 % 10));
  }
  Index size() const override { return kSamples; }
  Shape sample_shape() const override { return {1, 28, 28}; }
  Index classes() const override { return 10; }
  std::span<const Label> labels() const override { return labels_; }
  void gather(const GatherRequest& request, LaneView block) const override {
    for (std::size_t n = 0; n < block.lanes(); ++n) {
      const auto sample = static_cast<std::uint64_t>(request.samples[n]);
      for (std::size_t f = 0; f < 784; ++f) {
        block.at(f, n / kLanes)[n % kLanes] = mixed(1000003 + sample * 784 + f, 2.0);
      }
    }
  }

 private:
  std::vector<Label> labels_;
};

void fill_parameters(ParameterStore& store) {
  for (const ParameterEntry& entry : store.layout().entries()) {
    const bool bias = entry.shape.rank() == 1;
    const double fan_in = static_cast<double>(entry.size) / static_cast<double>(entry.shape[0]);
    const double scale = bias ? 0.1 : 5.0 / std::sqrt(fan_in);
    for (std::size_t i = 0; i < entry.size; ++i) {
      store.mutable_values()[entry.offset + i] = mixed(entry.offset + i, scale);
    }
  }
}

struct Case {
  testing::TestMethod method;
  const std::array<testing::GoldenStep, 10>& steps;
};

void check_against(const Case& golden) {
  const Graph graph(testing::lenet5_network());
  const GoldenDataset dataset;
  TrainingSetup setup =
      testing::set_up(graph, {.training = dataset},
                      {.total_steps = 10,
                       .batch_size = kSamples,  // the whole set, so that its order does not matter
                       .micro_batch = 16},      // the last one holds 8
                      golden.method);
  fill_parameters(setup.parameters);
  const WorkerTeam team(2);
  SoloCommunicator solo;
  Trainer trainer(setup, {.team = team, .communicator = solo, .clock = testing::no_time});
  for (std::size_t i = 0; i < golden.steps.size(); ++i) {
    const StepRecord record = trainer.train_step();
    const testing::GoldenStep& expected = golden.steps[i];
    const auto close = [&](double value, double reference, double tolerance) {
      return std::abs(value - reference) <= tolerance * std::abs(reference);
    };
    // Float against double: each step adds some 1e-7 relative to what the weights' own differences
    // from the steps before have grown to.
    BOOST_TEST(close(record.loss, expected.loss, 2e-5),
               "step " << i << ": loss " << record.loss << " is not " << expected.loss);
    BOOST_TEST(
        close(record.gradient_norm, expected.gradient_norm, 2e-4),
        "step " << i << ": norm " << record.gradient_norm << " is not " << expected.gradient_norm);
    const auto values = setup.parameters.values();
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    BOOST_TEST(close(sum, expected.weight_sum, 2e-3),
               "step " << i << ": weights sum to " << sum << ", not " << expected.weight_sum);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lenet5)

BOOST_AUTO_TEST_CASE(ten_steps_of_sgd_with_nesterov_momentum_and_smoothing_equal_pytorch) {
  check_against({{.optimizer = {{"type", "sgd"}, {"momentum", "0.9"}, {"nesterov", "true"}},
                  .learning_rate = {{"schedule", "constant"}, {"peak", "0.05"}},
                  .loss = {{"label_smoothing", "0.1"}}},
                 testing::kSgdSteps});
}

BOOST_AUTO_TEST_CASE(ten_steps_of_adam_equal_pytorch) {
  check_against({{.optimizer = {{"type", "adam"}, {"beta1", "0.85"}, {"beta2", "0.95"}},
                  .learning_rate = {{"schedule", "constant"}, {"peak", "0.002"}}},
                 testing::kAdamSteps});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
