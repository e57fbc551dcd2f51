#include "tests/contracts/tried_layer.hpp"

#include <boost/test/unit_test.hpp>
#include <numeric>
#include <random>
#include <utility>

#include "tests/framework/layers/make_layer.hpp"

namespace lockstep::testing {
namespace {

/// Values in [-1, 1); where the layer has kinks, multiples of 0.05 in random order, moved off zero
/// by half of that: within a sample no two are nearer than 0.05, none nearer to zero than 0.025.
void fill_input(LaneTensor& input, bool has_kinks, std::uint32_t seed) {
  for (std::size_t lane = 0; lane < input.lanes(); ++lane) {
    const auto of_lane = static_cast<std::uint32_t>(seed * 1000 + lane);
    std::vector<float> values = random_values(input.features(), of_lane);
    if (has_kinks) {
      std::vector<int> ranks(input.features());
      std::iota(ranks.begin(), ranks.end(), -static_cast<int>(input.features() / 2));
      std::mt19937 engine(of_lane);
      for (std::size_t i = ranks.size(); i > 1; --i) std::swap(ranks[i - 1], ranks[engine() % i]);
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = 0.05F * static_cast<float>(ranks[i]) + 0.025F;
      }
    }
    for (std::size_t f = 0; f < values.size(); ++f) input.at(f, lane) = values[f];
  }
}

}  // namespace

std::string describe(const LayerType& type, const LayerExample& example) {
  std::string text = describe(type.name, example.settings);
  for (const Shape& shape : example.inputs) text.append(" on ").append(shape.to_string());
  return text;
}

void for_each_example(const std::function<void(const Tried&)>& check) {
  const std::vector<LayerType> types = all_layer_types();
  for (const LayerType& type : types) {
    for (const LayerExample& example : type.examples) {
      BOOST_TEST_CONTEXT(describe(type, example)) {
        const Value settings = parse_settings(example.settings);
        check({type, example, settings, make_layer(type, settings)});
      }
    }
  }
}

LayerRun prepared(const Tried& tried, const RunSetup& setup) {
  LayerRun run(*tried.layer, tried.example.inputs, setup);
  std::uint32_t seed = 1;
  for (LaneTensor& input : run.inputs) fill_input(input, tried.type.has_kinks, seed++);
  for (auto& parameter : run.parameters) parameter = random_values(parameter.size(), seed++);
  fill_input(run.output_gradient, false, seed);
  return run;
}

LayerRun finished(const Tried& tried, const RunSetup& setup) {
  LayerRun run = prepared(tried, setup);
  run.forward();
  run.backward();
  return run;
}

void check_same_results(const LayerRun& left, const LayerRun& right) {
  BOOST_TEST(first_difference(left.output.values(), right.output.values()) == kSame);
  for (std::size_t i = 0; i < left.inputs.size(); ++i) {
    BOOST_TEST(first_difference(left.input_gradients[i].values(),
                                right.input_gradients[i].values()) == kSame);
  }
  for (std::size_t k = 0; k < left.parameters.size(); ++k) {
    BOOST_TEST(first_difference(left.parameter_gradients[k], right.parameter_gradients[k]) ==
               kSame);
  }
}

}  // namespace lockstep::testing
