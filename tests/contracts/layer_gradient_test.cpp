// Outputs and gradients of every layer against its reference in double precision, where it has one,
// and against central differences of its own outputs.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "tests/contracts/layer_references.hpp"
#include "tests/contracts/tried_layer.hpp"

namespace lockstep {
namespace {

using namespace testing;

std::vector<double> to_doubles(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

ReferenceSample reference_sample(const Tried& tried, const LayerRun& run, std::size_t lane) {
  ReferenceSample sample{.settings = tried.settings,
                         .shapes = run.shapes,
                         .inputs = {},
                         .parameters = {},
                         .pass = run.pass,
                         .sample = run.samples[lane]};
  for (const LaneTensor& input : run.inputs) {
    std::vector<double> values;
    for (std::size_t f = 0; f < input.features(); ++f) values.push_back(input.at(f, lane));
    sample.inputs.push_back(values);
  }
  for (const auto& parameter : run.parameters) sample.parameters.push_back(to_doubles(parameter));
  return sample;
}

/// The sum over one lane's outputs times the gradient that comes back for them.
double weighted_sum(const std::vector<double>& output, const LayerRun& run, std::size_t lane) {
  double sum = 0;
  for (std::size_t f = 0; f < output.size(); ++f)
    sum += output[f] * run.output_gradient.at(f, lane);
  return sum;
}

/// Central difference of a lane's weighted sum by one number of its sample, in double. The step
/// leaves an error of about 1e-9 by rounding and 1e-12 by curvature.
double reference_derivative(const Reference& reference, ReferenceSample& sample, double& number,
                            const LayerRun& run, std::size_t lane) {
  constexpr double kStep = 1e-6;
  const double before = number;
  number = before + kStep;
  const double above = weighted_sum(reference(sample), run, lane);
  number = before - kStep;
  const double below = weighted_sum(reference(sample), run, lane);
  number = before;
  return (above - below) / (2 * kStep);
}

/// Requires equality up to `tolerance` of the largest number expected.
void check_close(const std::vector<float>& found, const std::vector<double>& expected,
                 double tolerance) {
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  double largest = 0;
  for (const double number : expected) largest = std::max(largest, std::abs(number));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double error = std::abs(static_cast<double>(found[i]) - expected[i]);
    BOOST_TEST_INFO("element " << i << ": found " << found[i] << ", expected " << expected[i]);
    BOOST_TEST(error <= tolerance * largest + 1e-8);  // 1e-8: the reference's own error
  }
}

/// Of the largest element of a tensor. Sums of up to about 1,000 terms of magnitude up to 1 were
/// within 5e-7; a wrong or missing term is of order 1.
constexpr double kFloatTolerance = 5e-6;

/// Null if there is none: then only central differences check the layer.
const Reference* reference_of(const LayerType& type) {
  static const auto kReferences = layer_references();
  const auto found = kReferences.find(type.name);
  if (found != kReferences.end()) return &found->second;
  BOOST_TEST_MESSAGE("layer type '" << type.name << "' has no reference in layer_references.cpp: "
                                    << "only its own central differences are looked at");
  return nullptr;
}

void for_each_example_with_reference(
    const std::function<void(const Tried&, const Reference&)>& check) {
  for_each_example([&](const Tried& tried) {
    if (const Reference* reference = reference_of(tried.type)) check(tried, *reference);
  });
}

BOOST_AUTO_TEST_SUITE(layer_gradient)

BOOST_AUTO_TEST_CASE(every_reference_belongs_to_a_layer_type) {
  const std::vector<LayerType> types = all_layer_types();
  for (const auto& entry : layer_references()) {
    const bool found = std::any_of(types.begin(), types.end(),
                                   [&](const LayerType& type) { return type.name == entry.first; });
    BOOST_TEST(found, entry.first << " is no layer type");
  }
}

BOOST_AUTO_TEST_CASE(outputs_agree_with_the_double_precision_reference) {
  for_each_example_with_reference([](const Tried& tried, const Reference& reference) {
    for (const bool training : {true, false}) {
      LayerRun run = prepared(tried, {.blocks = 2});
      run.pass.training = training;
      run.forward();
      for (std::size_t lane = 0; lane < run.output.lanes(); ++lane) {
        std::vector<float> found;
        for (std::size_t f = 0; f < run.output.features(); ++f) {
          found.push_back(run.output.at(f, lane));
        }
        const ReferenceSample sample = reference_sample(tried, run, lane);
        check_close(found, reference(sample), kFloatTolerance);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(input_gradients_agree_with_the_double_precision_reference) {
  for_each_example_with_reference([](const Tried& tried, const Reference& reference) {
    const LayerRun run = finished(tried, {.blocks = 1});
    for (const std::size_t lane : {std::size_t{0}, kLanes - 1}) {
      ReferenceSample sample = reference_sample(tried, run, lane);
      for (std::size_t i = 0; i < sample.inputs.size(); ++i) {
        std::vector<float> found;
        std::vector<double> expected;
        for (std::size_t f = 0; f < sample.inputs[i].size(); ++f) {
          found.push_back(run.input_gradients[i].at(f, lane));
          expected.push_back(
              reference_derivative(reference, sample, sample.inputs[i][f], run, lane));
        }
        check_close(found, expected, kFloatTolerance);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(parameter_gradients_agree_with_the_double_precision_reference) {
  for_each_example_with_reference([](const Tried& tried, const Reference& reference) {
    const LayerRun run = finished(tried, {.blocks = 2});
    for (std::size_t k = 0; k < run.parameters.size(); ++k) {
      std::vector<double> expected(run.parameters[k].size(), 0.0);
      for (std::size_t lane = 0; lane < run.output.lanes(); ++lane) {
        ReferenceSample sample = reference_sample(tried, run, lane);
        for (std::size_t i = 0; i < expected.size(); ++i) {
          expected[i] +=
              reference_derivative(reference, sample, sample.parameters[k][i], run, lane);
        }
      }
      check_close(run.parameter_gradients[k], expected, kFloatTolerance);
    }
  });
}

/// The layer's own outputs, summed up for one lane as in weighted_sum.
double own_sum(const LayerRun& run, std::size_t lane) {
  std::vector<double> output;
  for (std::size_t f = 0; f < run.output.features(); ++f) output.push_back(run.output.at(f, lane));
  return weighted_sum(output, run, lane);
}

/// Step of the layer's own central differences, a power of two well inside the distance from kinks.
/// Rounding of float outputs leaves an error of about 1e-7 / 0.0156 per term, curvature 1e-4.
constexpr float kOwnStep = 0x1p-7F;
constexpr double kOwnTolerance = 1e-3;

/// Central differences by a number that `move` changes in all lanes; one result per lane.
std::vector<double> own_derivatives(LayerRun& run, const std::function<void(float)>& move) {
  std::vector<double> result;
  move(kOwnStep);
  run.forward();
  for (std::size_t lane = 0; lane < kLanes; ++lane) result.push_back(own_sum(run, lane));
  move(-2 * kOwnStep);
  run.forward();
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    result[lane] = (result[lane] - own_sum(run, lane)) / (2.0 * static_cast<double>(kOwnStep));
  }
  move(kOwnStep);
  return result;
}

BOOST_AUTO_TEST_CASE(input_gradients_agree_with_the_layers_own_central_differences) {
  for_each_example([](const Tried& tried) {
    const LayerRun expected = finished(tried, {.blocks = 1});
    LayerRun run = prepared(tried, {.blocks = 1});
    for (std::size_t i = 0; i < run.inputs.size(); ++i) {
      for (std::size_t f = 0; f < run.inputs[i].features(); ++f) {
        const std::vector<double> derivatives = own_derivatives(run, [&](float step) {
          for (std::size_t lane = 0; lane < kLanes; ++lane) run.inputs[i].at(f, lane) += step;
        });
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
          const double found = expected.input_gradients[i].at(f, lane);
          BOOST_TEST_INFO("input " << i << " feature " << f << " lane " << lane);
          BOOST_TEST(std::abs(found - derivatives[lane]) <= kOwnTolerance * (1 + std::abs(found)));
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(parameter_gradients_agree_with_the_layers_own_central_differences) {
  for_each_example([](const Tried& tried) {
    const LayerRun expected = finished(tried, {.blocks = 1});
    LayerRun run = prepared(tried, {.blocks = 1});
    for (std::size_t k = 0; k < run.parameters.size(); ++k) {
      for (std::size_t i = 0; i < run.parameters[k].size(); ++i) {
        const std::vector<double> derivatives =
            own_derivatives(run, [&](float step) { run.parameters[k][i] += step; });
        const double sum = std::accumulate(derivatives.begin(), derivatives.end(), 0.0);
        const double found = expected.parameter_gradients[k][i];
        BOOST_TEST_INFO("parameter " << k << " element " << i);
        BOOST_TEST(std::abs(found - sum) <= kOwnTolerance * (1 + std::abs(found)) * 4);
      }
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
