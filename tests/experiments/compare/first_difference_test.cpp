#include "experiments/compare/first_difference.hpp"

#include <cmath>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep::testing {
namespace {

StoredTensor tensor(const std::string& layer, const std::string& name, const Shape& shape) {
  StoredTensor made{.layer = layer, .name = name, .axis_order = {}, .shape = shape, .values = {}};
  for (Index i = 0; i < shape.size(); ++i) made.values.push_back(static_cast<float>(i));
  return made;
}

Checkpoint sample() {
  Checkpoint checkpoint;
  checkpoint.parameters = {tensor("c1", "weight", {2, 3}), tensor("c1", "bias", {2})};
  checkpoint.optimizer = {{"momentum", checkpoint.parameters}};
  return checkpoint;
}

Compared metrics_with(const std::vector<std::uint64_t>& digests) {
  Compared metrics{.path = "metrics.h5", .kind = ComparedKind::metrics};
  for (const std::uint64_t digest : digests) {
    StepRecord record;
    record.step = static_cast<Index>(metrics.tables.steps.size()) + 1;
    record.loss = 1;
    record.has_digest = digest != 0;
    record.digest = {.high = 0, .low = digest};
    metrics.tables.steps.push_back(record);
  }
  return metrics;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(first_difference_of_runs)

BOOST_AUTO_TEST_CASE(equal_checkpoints_have_none) {
  BOOST_TEST(!first_tensor_difference(sample(), sample()).has_value());
}

BOOST_AUTO_TEST_CASE(the_first_element_that_differs_is_named_and_all_are_counted) {
  Checkpoint other = sample();
  other.parameters[0].values[4] = 40;
  other.parameters[0].values[5] = 50;
  other.parameters[1].values[0] = 7;
  const auto found = first_tensor_difference(sample(), other);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->layer == "c1");
  BOOST_TEST(found->tensor == "weight");
  BOOST_TEST(index_of(found->shape, found->position) == (std::vector<Index>{1, 1}));
  BOOST_TEST(found->a == 4.0F);
  BOOST_TEST(found->b == 40.0F);
  BOOST_TEST(found->differing == 2);
}

BOOST_AUTO_TEST_CASE(zeros_of_two_signs_differ_in_a_bit) {
  Checkpoint other = sample();
  other.parameters[0].values[0] = -0.0F;
  const auto found = first_tensor_difference(sample(), other);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->position == 0);
  BOOST_TEST(std::signbit(found->b));
  BOOST_TEST(found->differing == 1);
}

BOOST_AUTO_TEST_CASE(state_of_the_optimizer_comes_after_the_parameters_and_only_if_both_have_it) {
  Checkpoint other = sample();
  other.optimizer[0].tensors[1].values[1] = 9;
  const auto found = first_tensor_difference(sample(), other);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->tensor == "bias (momentum)");
  other.optimizer.clear();
  BOOST_TEST(!first_tensor_difference(sample(), other).has_value());
}

BOOST_AUTO_TEST_CASE(
    other_shapes_and_tensors_that_one_has_alone_are_differences_without_an_element) {
  Checkpoint other = sample();
  other.parameters[0] = tensor("c1", "weight", {3, 2});
  const auto shaped = first_tensor_difference(sample(), other);
  BOOST_REQUIRE(shaped.has_value());
  BOOST_TEST(shaped->differing == 0);
  BOOST_TEST((shaped->other == Shape{3, 2}));
  Checkpoint more = sample();
  more.parameters.push_back(tensor("f1", "bias", {4}));
  for (const auto& found :
       {first_tensor_difference(sample(), more), first_tensor_difference(more, sample())}) {
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->layer == "f1");
    BOOST_TEST(found->differing == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_number_that_training_goes_on_from_differs_in_one_bit) {
  Checkpoint one = sample();
  one.optimizer_scalars = {{"beta1_power", 0.5}};
  one.state = StoredTrainingState{};
  one.state->progress.step = 9;
  one.state->progress.epoch_loss = 2;
  Checkpoint other = one;
  other.state->progress.train_seconds = 3;
  other.state->progress.best_accuracy = 0.25;
  other.state->progress.best_step = 7;
  BOOST_TEST(!first_number_difference(one, other).has_value());
  other.state->progress.epoch_loss = std::nextafter(2.0, 3.0);
  const auto found = first_number_difference(one, other);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->figure == "epoch_loss");
  BOOST_TEST(found->step == 9);
  other.optimizer_scalars[0].second = 0.25;
  BOOST_TEST(first_number_difference(one, other)->figure == "beta1_power");
}

BOOST_AUTO_TEST_CASE(the_first_step_with_another_digest_is_told) {
  const FirstDifference found =
      first_difference(metrics_with({1, 2, 3, 4}), metrics_with({1, 2, 7, 8}));
  BOOST_REQUIRE(found.step.has_value());
  BOOST_TEST(found.step->step == 3);
  BOOST_TEST(found.step->figure == "digest");
  BOOST_TEST(!found.same());
}

BOOST_AUTO_TEST_CASE(a_step_without_a_digest_is_compared_by_its_loss) {
  Compared one = metrics_with({1, 0, 3});
  Compared other = metrics_with({1, 5, 3});
  BOOST_TEST(first_difference(one, other).same());
  one.tables.steps[1].loss = NAN;
  other.tables.steps[1].loss = NAN;
  BOOST_TEST(first_difference(one, other).same());
  other.tables.steps[1].loss = 2;
  const FirstDifference found = first_difference(one, other);
  BOOST_REQUIRE(found.step.has_value());
  BOOST_TEST(found.step->figure == "loss");
  BOOST_TEST(found.step->step == 2);
}

BOOST_AUTO_TEST_CASE(any_figure_of_a_step_that_training_repeats_may_differ_and_its_speed_may_not) {
  StepRecord one{.step = 3, .loss = 0.5, .has_digest = true, .digest = {.high = 1, .low = 2}};
  for (const Column<StepRecord>& column : kStepColumns) {
    StepRecord other = one;
    other.*column.member = std::nextafter(one.*column.member, 2.0);
    const auto found = step_difference(one, other);
    BOOST_TEST(found.has_value() == column.repeats, column.name);
    BOOST_TEST((!found || (found->figure == column.name && found->step == 3)), column.name);
    other.*column.member = NAN;  // as of a checkpoint, which has the digest alone
    BOOST_TEST(!step_difference(one, other).has_value(), column.name);
    other.digest.low = 3;
    BOOST_TEST(step_difference(one, other)->figure == "digest", column.name);
  }
}

BOOST_AUTO_TEST_CASE(one_that_came_further_is_not_the_same) {
  const FirstDifference found = first_difference(metrics_with({1, 2}), metrics_with({1, 2, 3}));
  BOOST_REQUIRE(found.step.has_value());
  BOOST_TEST(found.step->figure == "steps");
  BOOST_TEST(found.step->step == 3);
}

BOOST_AUTO_TEST_CASE(nothing_in_common_is_not_the_same) {
  Compared later = metrics_with({1});
  later.kind = ComparedKind::checkpoint;
  later.tables.steps[0].step = 9;
  const FirstDifference found = first_difference(metrics_with({1, 2}), later);
  BOOST_TEST(!found.step.has_value());
  BOOST_TEST(!found.same());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep::testing
