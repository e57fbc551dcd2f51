#include "framework/training/update/optimizer.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "tests/framework/training/update/optimizer_numbers.hpp"

namespace lockstep {
namespace {

using Type = OptimizerSettings::Type;

constexpr std::array<float, 4> kValues = {0.5F, -1.25F, 2.0F, 0.0F};
constexpr std::array<std::array<float, 4>, 3> kGradients = {
    {{0.1F, -0.2F, 0.3F, 1.0F}, {0.05F, 0.4F, -0.6F, -2.0F}, {-0.7F, 0.01F, 0.2F, 0.5F}}};
constexpr std::array<float, 3> kRates = {0.1F, 0.05F, 0.02F};

// The reference is in double: after three float updates of values up to 2 a difference of a few
// float roundings (1.2e-7 each) is left.
constexpr double kTolerance = 1e-6;

/// Step `step` of the three above, in two stretches.
void run_step(Optimizer& optimizer, std::vector<float>& values, std::size_t step) {
  const std::span<float> all(values);
  const std::span<const float> gradient(kGradients[step]);
  optimizer.start_step(kRates[step]);
  optimizer.update(2, all.subspan(2), gradient.subspan(2));
  optimizer.update(0, all.first(2), gradient.first(2));
}

void check_against(const testing::OptimizerNumbers& numbers, const OptimizerSettings& settings) {
  const auto optimizer = make_optimizer(settings, kValues.size());
  std::vector<float> values(kValues.begin(), kValues.end());
  for (std::size_t step = 0; step < kGradients.size(); ++step) {
    run_step(*optimizer, values, step);
    for (std::size_t i = 0; i < values.size(); ++i) {
      BOOST_TEST(std::abs(static_cast<double>(values[i]) - numbers[step][i]) < kTolerance,
                 "step " << step << ", value " << i << ": " << values[i] << " is not "
                         << numbers[step][i]);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(optimizer)

BOOST_AUTO_TEST_CASE(sgd_equals_pytorch) { check_against(testing::kSgd, {.type = Type::sgd}); }

BOOST_AUTO_TEST_CASE(sgd_with_weight_decay_equals_pytorch) {
  check_against(testing::kSgdDecay, {.type = Type::sgd, .weight_decay = 0.1});
}

BOOST_AUTO_TEST_CASE(sgd_with_momentum_equals_pytorch) {
  check_against(testing::kSgdMomentum, {.type = Type::sgd, .weight_decay = 0.01, .momentum = 0.9});
}

BOOST_AUTO_TEST_CASE(sgd_with_nesterov_momentum_equals_pytorch) {
  check_against(testing::kSgdNesterov,
                {.type = Type::sgd, .weight_decay = 0.01, .momentum = 0.9, .nesterov = true});
}

BOOST_AUTO_TEST_CASE(adam_equals_pytorch) { check_against(testing::kAdam, {.type = Type::adam}); }

BOOST_AUTO_TEST_CASE(adam_with_weight_decay_equals_pytorch) {
  check_against(testing::kAdamDecay,
                {.type = Type::adam, .weight_decay = 0.05, .beta1 = 0.85, .beta2 = 0.95});
}

BOOST_AUTO_TEST_CASE(state_carried_over_goes_on_with_the_same_bits) {
  const OptimizerSettings settings{.type = Type::adam, .beta1 = 0.8};
  const auto whole = make_optimizer(settings, kValues.size());
  std::vector<float> expected(kValues.begin(), kValues.end());
  for (std::size_t step = 0; step < 3; ++step) {
    run_step(*whole, expected, step);
  }

  const auto first = make_optimizer(settings, kValues.size());
  std::vector<float> values(kValues.begin(), kValues.end());
  run_step(*first, values, 0);
  const auto second = make_optimizer(settings, kValues.size());
  for (std::size_t b = 0; b < first->buffers().size(); ++b) {
    std::ranges::copy(first->buffers()[b].values.span(),
                      second->buffers()[b].values.span().begin());
  }
  std::ranges::copy(first->scalars(), second->scalars().begin());
  run_step(*second, values, 1);
  run_step(*second, values, 2);
  BOOST_TEST(values == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
