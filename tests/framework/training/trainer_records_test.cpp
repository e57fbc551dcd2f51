// What the trainer says of its steps and evaluations, and the numbers that make it stop.

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "framework/core/error.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

using testing::Recorder;

// Half a second passes whenever somebody looks.
double slow_clock() {
  static double now = 0;  // NOLINT(*-global-variables): a plain function has no other place
  return now += 0.5;
}

constexpr TrainerSettings kSixSteps{
    .total_steps = 6, .batch_size = 2, .micro_batch = 16, .evaluate = {.every_steps = 2}};

/// Two dense layers on three samples of one number, in batches of two.
struct Bench {
  explicit Bench(const std::vector<float>& values) {
    std::ranges::copy(values, setup.parameters.mutable_values().begin());
  }

  Recorder train(const TrainerSettings& settings, const Dataset* validation = nullptr,
                 const Dataset* test = nullptr) {
    setup.settings = settings;
    setup.data.validation = validation;
    setup.data.test = test;
    Recorder recorder;
    Trainer(setup, {.team = team, .communicator = solo, .clock = slow_clock}).run(recorder);
    return recorder;
  }

  Graph graph{parse_graph_spec(testing::model_value(
      {1}, {{"h", "dense", {{"units", "1"}}}, {"o", "dense", {{"units", "2"}}}}))};
  testing::TestDataset training{3, {1}, 2};
  TrainingSetup setup =
      testing::set_up(graph, {.training = training}, kSixSteps, {.optimizer = {{"type", "sgd"}}});
  WorkerTeam team{1};
  SoloCommunicator solo;
};

// h.weight, h.bias, o.weight (2), o.bias (2)
const std::vector<float> kModest = {0.5F, 0.1F, 0.3F, -0.2F, 0.1F, 0.0F};

std::string numeric_failure(const std::vector<float>& values) {
  try {
    Bench(values).train(kSixSteps);
  } catch (const CollectiveError& error) {
    BOOST_CHECK(error.kind() == ErrorKind::numeric);
    return error.what();
  }
  return "no failure";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trainer_records)

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_ends_training_though_its_gradient_is) {
  // The logits differ by 6e38, which overflows; the probabilities are 0 and 1.
  const std::string said = numeric_failure({0, 0, 0, 0, -3e38F, 3e38F});
  BOOST_TEST(said.starts_with("The loss is "), said);
  // No layer's output is infinite.
  BOOST_TEST(said.find("at step 1, so training cannot go on") != std::string::npos, said);
}

BOOST_AUTO_TEST_CASE(the_first_layer_whose_output_is_not_finite_is_named) {
  const std::string said = numeric_failure({0, 1e30F, 1e30F, 0, 0, 0});
  BOOST_TEST(said.find("at step 1, first in the output of 'o', so training") != std::string::npos,
             said);
}

BOOST_AUTO_TEST_CASE(an_infinite_gradient_ends_training_though_the_loss_is_finite) {
  // Logits of 0; the gradient of h.bias is 3e38 for each of two samples of one label, or 0.
  const std::string said = numeric_failure({0, 0, 3e38F, -3e38F, 0, 0});
  BOOST_TEST(said.starts_with("The norm of the gradient is "), said);
  BOOST_TEST(said.find("first in the gradient of 'h', so") != std::string::npos, said);
}

BOOST_AUTO_TEST_CASE(layers_are_told_with_the_step_that_was_evaluated) {
  Bench bench(kModest);
  bench.train(kSixSteps);  // the same values as in the run below, after the same steps
  const auto last = bench.setup.parameters.values();
  TrainerSettings shorter = kSixSteps;
  shorter.total_steps = 5;
  Bench before(kModest);
  before.train(shorter);
  const auto previous = before.setup.parameters.values();
  const std::vector<LayerRecord> layers = Bench(kModest).train(kSixSteps).evaluations[2].layers;
  BOOST_REQUIRE(layers.size() == 2);
  const auto change = [&](std::size_t i) {
    return static_cast<double>(last[i]) - static_cast<double>(previous[i]);
  };
  BOOST_TEST(layers[0].layer == "h");
  BOOST_TEST(layers[0].weight_rms == std::abs(static_cast<double>(last[0])));
  BOOST_TEST(layers[0].update_ratio ==
             std::abs(change(0)) / std::abs(static_cast<double>(previous[0])));
  BOOST_TEST(layers[1].update_ratio ==
                 std::hypot(change(2), change(3)) / std::hypot(previous[2], previous[3]),
             boost::test_tools::tolerance(1e-6));
  BOOST_TEST(layers[1].zero_share == 0);
  BOOST_TEST(!layers[1].has_equal_units);
}

BOOST_AUTO_TEST_CASE(time_is_that_of_steps_alone) {
  const Recorder recorder = Bench(kModest).train(kSixSteps);
  BOOST_TEST(recorder.checkpoints.back().train_seconds == 3.0);  // six steps of half a second
  BOOST_TEST(recorder.steps[0].images_per_second == 4.0);
  BOOST_TEST(recorder.steps[1].images_per_second == 2.0);  // the epoch's last batch has one sample
  std::vector<double> seconds;
  for (const EpochRecord& record : recorder.evaluations) seconds.push_back(record.seconds);
  BOOST_TEST(seconds == (std::vector<double>{1, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(digests_are_kept_as_often_as_asked_for) {
  TrainerSettings settings = kSixSteps;
  settings.digest_every_steps = 3;
  std::vector<Index> kept;
  for (const StepRecord& record : Bench(kModest).train(settings).steps) {
    if (record.has_digest) kept.push_back(record.step);
  }
  BOOST_TEST(kept == (std::vector<Index>{3, 6}), boost::test_tools::per_element());
  settings.digest_every_steps = 0;
  for (const StepRecord& record : Bench(kModest).train(settings).steps) {
    BOOST_TEST(!record.has_digest);
  }
}

BOOST_AUTO_TEST_CASE(the_confusion_is_the_test_sets_else_the_validation_sets) {
  const testing::TestDataset ten(10, {1}, 2);
  const testing::TestDataset twenty(20, {1}, 2);
  const auto counted = [](const Recorder& recorder) {
    Index sum = 0;
    for (const Index cell : recorder.evaluations.back().confusion) sum += cell;
    return sum;
  };
  BOOST_TEST(counted(Bench(kModest).train(kSixSteps, &ten, &twenty)) == 20);
  BOOST_TEST(counted(Bench(kModest).train(kSixSteps, &ten)) == 10);
  BOOST_TEST(counted(Bench(kModest).train(kSixSteps)) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
