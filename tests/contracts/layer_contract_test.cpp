// What every layer promises, tried on every registered layer and all its examples. A layer that is
// added is covered at once; it only needs a reference in layer_references.cpp.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "framework/core/parallel.hpp"
#include "tests/contracts/layer_references.hpp"
#include "tests/framework/layers/layer_run.hpp"
#include "tests/framework/layers/make_layer.hpp"

namespace lockstep {
namespace {

using namespace testing;

/// One example of one layer type, made.
struct Tried {
  const LayerType& type;
  const LayerExample& example;
  Value settings;
  std::unique_ptr<Layer> layer;
};

std::string describe(const LayerType& type, const LayerExample& example) {
  std::string text(type.name);
  for (const auto& [key, value] : example.settings)
    text.append(" ").append(key).append("=" + value);
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

bool has_nan(const std::vector<float>& values) {
  return std::any_of(values.begin(), values.end(), [](float value) { return std::isnan(value); });
}

/// Requires that two runs wrote the same bits, gradients of parameters included.
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

const Reference& reference_of(const Tried& tried) {
  static const auto kReferences = layer_references();
  const auto found = kReferences.find(tried.type.name);
  BOOST_REQUIRE_MESSAGE(
      found != kReferences.end(),
      "layer type '" << tried.type.name << "' has no reference in layer_references.cpp");
  return found->second;
}

BOOST_AUTO_TEST_SUITE(layer_contract)

BOOST_AUTO_TEST_CASE(every_layer_type_has_a_reference_and_every_reference_a_layer_type) {
  std::vector<std::string> types;
  for (const LayerType& type : all_layer_types()) types.emplace_back(type.name);
  std::vector<std::string> references;
  for (const auto& [name, reference] : layer_references()) references.push_back(name);
  BOOST_TEST(types == references, boost::test_tools::per_element());  // both sorted by name
}

BOOST_AUTO_TEST_CASE(every_layer_type_has_examples_and_uses_that_are_refused) {
  for (const LayerType& type : all_layer_types()) {
    BOOST_TEST_CONTEXT(type.name) {
      BOOST_TEST(!type.examples.empty());
      BOOST_TEST(!type.refused.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(output_shapes_are_positive_and_parameters_well_described) {
  for_each_example([](const Tried& tried) {
    const Shape output = tried.layer->output_shape(tried.example.inputs);
    BOOST_TEST(output.rank() >= 1U);
    for (const Index extent : output.extents()) BOOST_TEST(extent > 0);
    BOOST_TEST(tried.layer->multiply_adds(tried.example.inputs) >= 0);
    for (const ParameterSpec& spec : tried.layer->parameters(tried.example.inputs)) {
      BOOST_TEST(spec.axis_order.size() == spec.shape.rank());
      BOOST_TEST(spec.fan_in > 0);
      BOOST_TEST(spec.fan_out > 0);
      BOOST_TEST(spec.scale != 0.0F);
      BOOST_TEST(!spec.name.empty());
    }
  });
}

BOOST_AUTO_TEST_CASE(the_arithmetic_of_a_shape_ends_with_one_of_its_extents) {
  for_each_example([](const Tried& tried) {
    const Shape output = tried.layer->output_shape(tried.example.inputs);
    for (const ShapeArithmetic& line : tried.layer->arithmetic(tried.example.inputs)) {
      const std::string result = line.formula.substr(line.formula.rfind("= ") + 2);
      const auto extents = output.extents();
      BOOST_TEST_INFO(line.extent << ": " << line.formula);
      BOOST_TEST(std::any_of(extents.begin(), extents.end(),
                             [&](Index extent) { return std::to_string(extent) == result; }));
    }
  });
}

BOOST_AUTO_TEST_CASE(forward_and_backward_write_every_element) {
  for_each_example([](const Tried& tried) {
    const LayerRun run = finished(tried, {.blocks = 2});
    BOOST_TEST(!has_nan(run.output.values()));
    for (const LaneTensor& gradient : run.input_gradients) BOOST_TEST(!has_nan(gradient.values()));
    for (const auto& gradient : run.parameter_gradients) BOOST_TEST(!has_nan(gradient));
  });
}

BOOST_AUTO_TEST_CASE(outputs_agree_with_the_double_precision_reference) {
  for_each_example([](const Tried& tried) {
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
        check_close(found, reference_of(tried)(sample), kFloatTolerance);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(input_gradients_agree_with_the_double_precision_reference) {
  for_each_example([](const Tried& tried) {
    const LayerRun run = finished(tried, {.blocks = 1});
    for (const std::size_t lane : {std::size_t{0}, kLanes - 1}) {
      ReferenceSample sample = reference_sample(tried, run, lane);
      for (std::size_t i = 0; i < sample.inputs.size(); ++i) {
        std::vector<float> found;
        std::vector<double> expected;
        for (std::size_t f = 0; f < sample.inputs[i].size(); ++f) {
          found.push_back(run.input_gradients[i].at(f, lane));
          expected.push_back(
              reference_derivative(reference_of(tried), sample, sample.inputs[i][f], run, lane));
        }
        check_close(found, expected, kFloatTolerance);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(parameter_gradients_agree_with_the_double_precision_reference) {
  for_each_example([](const Tried& tried) {
    const LayerRun run = finished(tried, {.blocks = 2});
    for (std::size_t k = 0; k < run.parameters.size(); ++k) {
      std::vector<double> expected(run.parameters[k].size(), 0.0);
      for (std::size_t lane = 0; lane < run.output.lanes(); ++lane) {
        ReferenceSample sample = reference_sample(tried, run, lane);
        for (std::size_t i = 0; i < expected.size(); ++i) {
          expected[i] +=
              reference_derivative(reference_of(tried), sample, sample.parameters[k][i], run, lane);
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
/// Rounding of float outputs leaves an error of about 1e-7 / 0.0156 a term, curvature 1e-4.
constexpr float kOwnStep = 0x1p-7F;
constexpr double kOwnTolerance = 1e-3;

/// Central differences by a number that `move` changes in all lanes, one a lane.
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

BOOST_AUTO_TEST_CASE(input_gradients_that_are_not_wanted_are_left_out_and_change_nothing_else) {
  for_each_example([](const Tried& tried) {
    const LayerRun all = finished(tried, {.blocks = 2});
    for (std::size_t only = 0; only <= all.inputs.size(); ++only) {
      LayerRun run = prepared(tried, {.blocks = 2});
      for (std::size_t i = 0; i < run.wanted.size(); ++i) run.wanted[i] = i == only;
      run.forward();
      run.backward();
      for (std::size_t k = 0; k < run.parameters.size(); ++k) {
        BOOST_TEST(first_difference(run.parameter_gradients[k], all.parameter_gradients[k]) ==
                   kSame);
      }
      if (only == all.inputs.size()) continue;
      BOOST_TEST(first_difference(run.input_gradients[only].values(),
                                  all.input_gradients[only].values()) == kSame);
    }
  });
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_the_layouts) {
  for_each_example([](const Tried& tried) {
    const LayerRun expected = finished(tried, {.blocks = 3});
    for (const Layout input_layout : kLayouts) {
      for (const Layout output_layout : kLayouts) {
        check_same_results(
            finished(tried,
                     {.blocks = 3, .input_layout = input_layout, .output_layout = output_layout}),
            expected);
      }
    }
  });
}

/// Copies one block of 16 lanes.
void copy_block(const LaneTensor& from, std::size_t block, LaneTensor& to) {
  for (std::size_t f = 0; f < from.features(); ++f) {
    for (std::size_t l = 0; l < kLanes; ++l) to.at(f, l) = from.at(f, block * kLanes + l);
  }
}

std::vector<float> block_values(const LaneTensor& tensor, std::size_t block) {
  LaneTensor single(tensor.features(), 1, Layout::blocked);
  copy_block(tensor, block, single);
  return single.values();
}

BOOST_AUTO_TEST_CASE(a_block_computed_alone_has_the_bits_it_has_among_others) {
  for_each_example([](const Tried& tried) {
    const LayerRun together = finished(tried, {.blocks = 3});
    for (std::size_t block = 0; block < 3; ++block) {
      LayerRun alone = prepared(tried, {.blocks = 1});
      for (std::size_t i = 0; i < alone.inputs.size(); ++i) {
        copy_block(together.inputs[i], block, alone.inputs[i]);
      }
      copy_block(together.output_gradient, block, alone.output_gradient);
      for (std::size_t l = 0; l < kLanes; ++l) {
        alone.samples[l] = together.samples[block * kLanes + l];
      }
      alone.forward();
      alone.backward();
      BOOST_TEST(first_difference(alone.output.values(), block_values(together.output, block)) ==
                 kSame);
      for (std::size_t i = 0; i < alone.inputs.size(); ++i) {
        BOOST_TEST(first_difference(alone.input_gradients[i].values(),
                                    block_values(together.input_gradients[i], block)) == kSame);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_the_instruction_set) {
  for_each_example([](const Tried& tried) {
    const LayerRun expected = finished(tried, {.blocks = 2});
    for_each_isa([&] { check_same_results(finished(tried, {.blocks = 2}), expected); });
  });
}

BOOST_AUTO_TEST_CASE(one_layer_serves_many_threads_at_once_with_the_same_bits) {
  constexpr int kThreads = 4;
  const WorkerTeam team(kThreads);
  for_each_example([&](const Tried& tried) {
    const LayerRun expected = finished(tried, {.blocks = 2});
    std::vector<LayerRun> runs;
    for (int slot = 0; slot < kThreads; ++slot) runs.push_back(prepared(tried, {.blocks = 2}));
    auto body = [&](int slot) {
      LayerRun& run = runs[static_cast<std::size_t>(slot)];
      for (int repetition = 0; repetition < 5; ++repetition) {
        run.forward();
        run.backward();
      }
    };
    team.run(body);
    for (const LayerRun& run : runs) check_same_results(run, expected);
  });
}

BOOST_AUTO_TEST_CASE(outside_training_nothing_depends_on_seed_epoch_or_samples) {
  for_each_example([](const Tried& tried) {
    LayerRun first = prepared(tried, {.blocks = 1});
    first.pass.training = false;
    first.forward();
    LayerRun second = prepared(tried, {.blocks = 1});
    second.pass = {.training = false, .seed = 99, .epoch = 7, .samples = {}};
    for (Index& sample : second.samples) sample += 5000;
    second.forward();
    BOOST_TEST(first_difference(first.output.values(), second.output.values()) == kSame);
  });
}

/// A sentence that a user can act on: not empty, begun and ended, and no shorter than a few words.
void check_sentence(const std::string& message) {
  BOOST_TEST_INFO("message: " << message);
  BOOST_TEST(message.size() > 20U);
  BOOST_TEST((message.ends_with('.') || message.ends_with('?') || message.ends_with(')')));
}

BOOST_AUTO_TEST_CASE(uses_that_must_be_refused_give_a_usage_error_in_a_sentence) {
  const std::vector<LayerType> types = all_layer_types();
  for (const LayerType& type : types) {
    for (const LayerExample& example : type.refused) {
      BOOST_TEST_CONTEXT(describe(type, example)) {
        check_sentence(usage_error([&] {
          make_layer(type, parse_settings(example.settings))->output_shape(example.inputs);
        }));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(unknown_settings_are_refused_by_name) {
  for_each_example([](const Tried& tried) {
    Value settings = tried.settings;
    settings.set("no_such_setting", Value::integer(1));
    const std::string message = usage_error([&] { make_layer(tried.type, settings); });
    check_sentence(message);
    BOOST_TEST(message.find("no_such_setting") != std::string::npos);
  });
}

BOOST_AUTO_TEST_CASE(settings_of_a_wrong_type_are_refused_by_name) {
  for_each_example([](const Tried& tried) {
    for (const auto& [key, text] : tried.example.settings) {
      Value settings = tried.settings;
      settings.set(key, Value::mapping());
      const std::string message = usage_error([&] { make_layer(tried.type, settings); });
      check_sentence(message);
      BOOST_TEST(message.find(key) != std::string::npos);
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
