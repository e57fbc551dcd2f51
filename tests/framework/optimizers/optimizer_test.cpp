#include "framework/optimizers/optimizer.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <span>
#include <vector>

#include "tests/framework/kernels/lane_tensor.hpp"
#include "tests/framework/optimizers/optimizer_numbers.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep {
namespace {

using namespace testing;

constexpr std::array<float, 4> kValues = {0.5F, -1.25F, 2.0F, 0.0F};
constexpr std::array<std::array<float, 4>, 3> kGradients = {
    {{0.1F, -0.2F, 0.3F, 1.0F}, {0.05F, 0.4F, -0.6F, -2.0F}, {-0.7F, 0.01F, 0.2F, 0.5F}}};
constexpr std::array<float, 3> kRates = {0.1F, 0.05F, 0.02F};

// The reference is in double: after three float updates of values up to 2 a difference of a few
// float roundings (1.2e-7 each) is left.
constexpr double kTolerance = 1e-6;

// Vectors of 16 and 8 lanes, and what is left of them.
constexpr std::size_t kSizes[] = {1, 3, 4, 7, 8, 15, 16, 17, 33, 4096, 4099};

std::unique_ptr<Optimizer> optimizer_of(const SettingTexts& settings, std::size_t size) {
  return make_optimizer(parse_settings(settings), size);
}

/// Step `step` of the three above, in two stretches.
void run_step(Optimizer& optimizer, std::vector<float>& values, std::size_t step) {
  const std::span<float> all(values);
  const std::span<const float> gradient(kGradients[step]);
  optimizer.start_step(kRates[step]);
  optimizer.update(2, all.subspan(2), gradient.subspan(2));
  optimizer.update(0, all.first(2), gradient.first(2));
}

void check_against(const OptimizerNumbers& numbers, const SettingTexts& settings) {
  const auto optimizer = optimizer_of(settings, kValues.size());
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

// A buffer of state as it was left, with the number of the buffer.
std::vector<float> state(const Optimizer& optimizer, std::size_t number) {
  const std::span<const float> values = optimizer.buffers()[number].values.span();
  return {values.begin(), values.end()};
}

BOOST_AUTO_TEST_SUITE(optimizer)

BOOST_AUTO_TEST_CASE(sgd_equals_pytorch) { check_against(kSgd, {{"type", "sgd"}}); }

BOOST_AUTO_TEST_CASE(sgd_with_weight_decay_equals_pytorch) {
  check_against(kSgdDecay, {{"type", "sgd"}, {"weight_decay", "0.1"}});
}

BOOST_AUTO_TEST_CASE(sgd_with_momentum_equals_pytorch) {
  check_against(kSgdMomentum, {{"type", "sgd"}, {"weight_decay", "0.01"}, {"momentum", "0.9"}});
}

BOOST_AUTO_TEST_CASE(sgd_with_nesterov_momentum_equals_pytorch) {
  check_against(
      kSgdNesterov,
      {{"type", "sgd"}, {"weight_decay", "0.01"}, {"momentum", "0.9"}, {"nesterov", "true"}});
}

BOOST_AUTO_TEST_CASE(adam_equals_pytorch) { check_against(kAdam, {{"type", "adam"}}); }

BOOST_AUTO_TEST_CASE(adam_with_weight_decay_equals_pytorch) {
  check_against(kAdamDecay,
                {{"type", "adam"}, {"weight_decay", "0.05"}, {"beta1", "0.85"}, {"beta2", "0.95"}});
}

BOOST_AUTO_TEST_CASE(sgd_has_the_bits_of_the_plain_loop) {
  struct Variant {
    const char* momentum;
    const char* nesterov;
  };
  for (const std::size_t size : kSizes) {
    for (const Variant variant : {Variant{"0", "false"}, {"0.9", "false"}, {"0.9", "true"}}) {
      const SettingTexts settings = {{"type", "sgd"},
                                     {"momentum", variant.momentum},
                                     {"nesterov", variant.nesterov},
                                     {"weight_decay", "0.01"}};
      const bool has_momentum = std::string_view(variant.momentum) != "0";
      const bool nesterov = std::string_view(variant.nesterov) == "true";
      std::vector<float> expected = random_values(size, 2);
      std::vector<float> buffer(size, 0.0F);
      for (std::uint32_t step = 0; step < 2; ++step) {
        const std::vector<float> gradient = random_values(size, step);
        for (std::size_t i = 0; i < size; ++i) {
          const float g = gradient[i] + 0.01F * expected[i];
          buffer[i] = 0.9F * buffer[i] + g;
          const float moved = nesterov ? g + 0.9F * buffer[i] : buffer[i];
          expected[i] = expected[i] - 0.1F * (has_momentum ? moved : g);
        }
      }
      for_each_isa([&] {
        const auto optimizer = optimizer_of(settings, size);
        std::vector<float> values = random_values(size, 2);
        for (std::uint32_t step = 0; step < 2; ++step) {
          optimizer->start_step(0.1F);
          optimizer->update(0, values, random_values(size, step));
        }
        BOOST_TEST(first_difference(values, expected) == kSame);
        BOOST_TEST(optimizer->buffers().size() == (has_momentum ? 1U : 0U));
        if (has_momentum) BOOST_TEST(first_difference(state(*optimizer, 0), buffer) == kSame);
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(adam_has_the_bits_of_the_plain_loop) {
  const SettingTexts settings = {
      {"type", "adam"}, {"beta1", "0.9"}, {"beta2", "0.99"}, {"weight_decay", "0.01"}};
  for (const std::size_t size : kSizes) {
    std::vector<float> expected = random_values(size, 2);
    std::vector<float> m(size, 0.0F);
    std::vector<float> v(size, 0.0F);
    double power1 = 1;
    double power2 = 1;
    for (std::uint32_t step = 0; step < 2; ++step) {
      const std::vector<float> gradient = random_values(size, step);
      power1 *= 0.9;
      power2 *= 0.99;
      const auto rate = static_cast<float>(double{0.02F} / (1 - power1));
      const auto root = static_cast<float>(std::sqrt(1 - power2));
      for (std::size_t i = 0; i < size; ++i) {
        const float g = gradient[i] + 0.01F * expected[i];
        m[i] = 0.9F * m[i] + static_cast<float>(1 - 0.9) * g;
        v[i] = 0.99F * v[i] + (static_cast<float>(1 - 0.99) * g) * g;
        expected[i] = expected[i] - (rate * m[i]) / (std::sqrt(v[i]) / root + 1e-8F);
      }
    }
    for_each_isa([&] {
      const auto optimizer = optimizer_of(settings, size);
      std::vector<float> values = random_values(size, 2);
      for (std::uint32_t step = 0; step < 2; ++step) {
        optimizer->start_step(0.02F);
        optimizer->update(0, values, random_values(size, step));
      }
      BOOST_TEST(first_difference(values, expected) == kSame);
      BOOST_TEST(first_difference(state(*optimizer, 0), m) == kSame);
      BOOST_TEST(first_difference(state(*optimizer, 1), v) == kSame);
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
