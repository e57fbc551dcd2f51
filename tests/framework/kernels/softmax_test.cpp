#include "framework/kernels/softmax.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "framework/core/elementary.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

/// One lane's results by plain loops in the documented order.
struct Naive {
  float loss = 0.0F;
  std::vector<float> probabilities;
  std::vector<float> gradient;
};

Naive naive_softmax(const std::vector<float>& x, std::size_t label, float smoothing) {
  float max = x[0];
  for (const float value : x) max = value > max ? value : max;
  Naive result;
  float sum = 0.0F;
  float differences = 0.0F;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const float e = elementary::exp(x[k] - max);
    result.probabilities.push_back(e);
    sum = k == 0 ? e : sum + e;
    differences = k == 0 ? x[k] - max : differences + (x[k] - max);
  }
  const float share = smoothing / static_cast<float>(x.size());
  const float certain = 1.0F - smoothing;
  result.loss = (elementary::log(sum) - certain * (x[label] - max)) - share * differences;
  for (std::size_t k = 0; k < x.size(); ++k) {
    result.probabilities[k] /= sum;
    result.gradient.push_back(result.probabilities[k] - (k == label ? certain + share : share));
  }
  return result;
}

std::vector<float> lane_of(const LaneTensor& tensor, std::size_t lane) {
  std::vector<float> values;
  for (std::size_t k = 0; k < tensor.features(); ++k) values.push_back(tensor.at(k, lane));
  return values;
}

LaneTensor wide_logits(std::size_t classes, std::size_t blocks, Layout layout) {
  LaneTensor logits = LaneTensor::random(classes, blocks, layout, 5);
  for (std::size_t k = 0; k < classes; ++k) {
    for (std::size_t n = 0; n < logits.lanes(); ++n) {
      logits.at(k, n) *= static_cast<float>(n * n % 97);  // from all equal to underflow
    }
  }
  return logits;
}

std::vector<std::uint8_t> some_labels(std::size_t classes, std::size_t count) {
  std::vector<std::uint8_t> labels;
  for (std::size_t n = 0; n < count; ++n) {
    labels.push_back(static_cast<std::uint8_t>(n * 7 % classes));
  }
  return labels;
}

BOOST_AUTO_TEST_SUITE(softmax)

BOOST_AUTO_TEST_CASE(loss_and_gradient_have_the_bits_of_the_naive_loops) {
  for (const std::size_t classes : {1U, 2U, 10U, 37U}) {
    for (const float smoothing : {0.0F, 0.1F}) {
      for (const Layout layout : kLayouts) {
        const LaneTensor logits = wide_logits(classes, 3, layout);
        const auto labels = some_labels(classes, logits.lanes());
        for_each_isa([&] {
          LaneTensor gradient(classes, 3, layout);
          std::vector<float> losses(logits.lanes(), kNan);
          softmax_cross_entropy({.logits = logits.view(),
                                 .labels = labels,
                                 .label_smoothing = smoothing,
                                 .gradient = gradient.view(),
                                 .losses = losses});
          for (std::size_t n = 0; n < logits.lanes(); ++n) {
            const Naive expected = naive_softmax(lane_of(logits, n), labels[n], smoothing);
            BOOST_TEST(first_difference(lane_of(gradient, n), expected.gradient) == kSame);
            BOOST_TEST(losses[n] == expected.loss);
          }
        });
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_loss_is_the_same_when_no_gradient_is_wanted) {
  const LaneTensor logits = wide_logits(10, 2, Layout::whole);
  const auto labels = some_labels(10, logits.lanes());
  for_each_isa([&] {
    std::vector<float> losses(logits.lanes(), kNan);
    softmax_cross_entropy({.logits = logits.view(),
                           .labels = labels,
                           .label_smoothing = 0.1F,
                           .gradient = {},
                           .losses = losses});
    for (std::size_t n = 0; n < logits.lanes(); ++n) {
      BOOST_TEST(losses[n] == naive_softmax(lane_of(logits, n), labels[n], 0.1F).loss);
    }
  });
}

BOOST_AUTO_TEST_CASE(lanes_without_a_sample_get_plus_zero_whatever_they_hold) {
  LaneTensor logits = wide_logits(10, 2, Layout::whole);
  logits.at(3, 31) = kNan;
  const auto labels = some_labels(10, 19);
  for_each_isa([&] {
    LaneTensor gradient(10, 2, Layout::whole);
    std::vector<float> losses(logits.lanes(), kNan);
    softmax_cross_entropy({.logits = std::as_const(logits).view(),
                           .labels = labels,
                           .gradient = gradient.view(),
                           .losses = losses});
    BOOST_TEST(losses[18] > 0.0F);
    const std::vector<float> zeros(10, 0.0F);
    for (std::size_t n = 19; n < logits.lanes(); ++n) {
      BOOST_TEST(first_difference(lane_of(gradient, n), zeros) == kSame);
      BOOST_TEST(first_difference(std::span(losses).subspan(n, 1), {zeros.data(), 1}) == kSame);
    }
  });
}

BOOST_AUTO_TEST_CASE(equal_logits_lose_the_logarithm_of_the_number_of_classes) {
  LaneTensor logits(10, 1, Layout::whole);
  logits.fill(3.5F);
  LaneTensor gradient(10, 1, Layout::whole);
  std::vector<float> losses(kLanes, kNan);
  const auto labels = some_labels(10, kLanes);
  softmax_cross_entropy({.logits = std::as_const(logits).view(),
                         .labels = labels,
                         .label_smoothing = 0.1F,
                         .gradient = gradient.view(),
                         .losses = losses});
  BOOST_TEST(losses[0] == elementary::log(10.0F));
  // 0.1 - (0.9 + 0.01) and 0.1 - 0.01, each within two roundings of numbers below 1
  BOOST_TEST(std::abs(gradient.at(0, 0) + 0.81F) < 1.2e-7F);
  BOOST_TEST(std::abs(gradient.at(1, 0) - 0.09F) < 1.2e-7F);
}

BOOST_AUTO_TEST_CASE(the_loss_of_huge_logits_is_finite_where_it_fits) {
  constexpr std::size_t kClasses = 40;
  LaneTensor logits(kClasses, 1, Layout::blocked);
  for (std::size_t k = 0; k < kClasses; ++k) {
    for (std::size_t n = 0; n < logits.lanes(); ++n) logits.at(k, n) = k == 0 ? 3e37F : 0.0F;
  }
  const std::vector<std::uint8_t> labels(logits.lanes(), 0);
  for_each_isa([&] {
    for (const float smoothing : {0.0F, 0.1F}) {
      std::vector<float> losses(logits.lanes(), kNan);
      softmax_cross_entropy({.logits = logits.view(),
                             .labels = labels,
                             .label_smoothing = smoothing,
                             .gradient = {},
                             .losses = losses});
      // By hand: log(1) = 0, and with smoothing 39 times share * 3e37, share = 0.1 / 40.
      float expected = 0.0F;
      for (std::size_t k = 1; k < kClasses; ++k) expected += smoothing / 40.0F * 3e37F;
      for (const float loss : losses) BOOST_TEST(loss == expected);
    }
  });
}

BOOST_AUTO_TEST_CASE(a_nan_logit_makes_the_loss_nan) {
  for (const std::size_t place : {0U, 4U, 9U}) {
    LaneTensor logits = wide_logits(10, 1, Layout::whole);
    logits.at(place, 6) = kNan;
    const auto labels = some_labels(10, kLanes);
    for_each_isa([&] {
      std::vector<float> losses(kLanes);
      softmax_cross_entropy({.logits = std::as_const(logits).view(),
                             .labels = labels,
                             .gradient = {},
                             .losses = losses});
      BOOST_TEST(std::isnan(losses[6]));
      BOOST_TEST(!std::isnan(losses[7]));
    });
  }
}

BOOST_AUTO_TEST_CASE(probabilities_have_the_bits_of_the_naive_loops) {
  const LaneTensor logits = wide_logits(10, 2, Layout::whole);
  for_each_isa([&] {
    LaneTensor probabilities(10, 2, Layout::blocked);
    softmax_probabilities(logits.view(), probabilities.view());
    for (std::size_t n = 0; n < logits.lanes(); ++n) {
      const Naive expected = naive_softmax(lane_of(logits, n), 0, 0.0F);
      BOOST_TEST(first_difference(lane_of(probabilities, n), expected.probabilities) == kSame);
    }
  });
}

BOOST_AUTO_TEST_CASE(the_first_of_the_greatest_logits_wins) {
  LaneTensor logits(4, 2, Layout::whole);
  logits.fill(1.0F);
  logits.at(2, 17) = 5.0F;
  logits.at(3, 17) = 5.0F;
  logits.at(1, 18) = kNan;
  logits.at(3, 18) = 2.0F;
  std::vector<std::uint8_t> classes(20, 99);
  arg_max(std::as_const(logits).view(), classes);
  BOOST_TEST(classes[0] == 0);
  BOOST_TEST(classes[17] == 2);
  BOOST_TEST(classes[18] == 3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
