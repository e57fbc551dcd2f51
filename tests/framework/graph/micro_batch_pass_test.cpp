#include "framework/graph/micro_batch_pass.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "framework/core/random.hpp"
#include "tests/support/networks.hpp"

namespace lockstep {
namespace {

using testing::model_value;

GraphSpec branching_network() {
  // The input is read three times, c1 twice, and one sum takes the same value twice.
  return parse_graph_spec(model_value(
      {1, 5, 4},
      {{"c1", "conv2d", {{"filters", "2"}, {"kernel", "3"}, {"padding", "1"}}, {"input"}},
       {"a", "tanh", {}, {"c1"}},
       {"b", "conv2d", {{"filters", "2"}, {"kernel", "1"}}, {"c1"}},
       {"side", "conv2d", {{"filters", "3"}, {"kernel", "1"}}, {"input"}},
       {"sum", "add", {}, {"a", "b", "a"}},
       {"all", "concat", {}, {"sum", "side", "input"}},
       {"flat", "flatten"},
       {"out", "dense", {{"units", "3"}, {"weight_scale", "0.5"}}}}));
}

// One network with its memory: the loss is the sum of outputs weighted by fixed numbers.
struct Bench {
  explicit Bench(const GraphSpec& spec, Index micro_batch = 16)
      : graph(spec),
        parameters(graph, 3),
        plan(graph, micro_batch, PlanPurpose::training),
        pass(plan, parameters.layout()),
        scaled(parameters.layout().size()) {
    const RandomStream stream(5, {"bench"});
    for (std::size_t f = 0; f < pass.input().features; ++f) {
      for (std::size_t n = 0; n < pass.input().lanes(); ++n) {
        pass.input().at(f, n / kLanes)[n % kLanes] =
            uniform_unit(
                stream.words(static_cast<std::uint32_t>(f), static_cast<std::uint32_t>(n))[0]) -
            0.5F;
      }
    }
  }

  static float weight(std::size_t f, std::size_t n) {
    return static_cast<float>((f * 3 + n) % 7) * 0.25F - 0.75F;
  }

  double loss() {
    parameters.layout().apply_scales(parameters.values(), scaled);
    pass.forward(scaled, context);
    double sum = 0;
    const ConstLaneView output = pass.output();
    for (std::size_t f = 0; f < output.features; ++f) {
      for (std::size_t n = 0; n < output.lanes(); ++n) {
        sum += static_cast<double>(output.at(f, n / kLanes)[n % kLanes] * weight(f, n));
      }
    }
    return sum;
  }

  std::vector<float> gradient() {
    loss();
    const LaneView seed = pass.output_gradient();
    for (std::size_t f = 0; f < seed.features; ++f) {
      for (std::size_t n = 0; n < seed.lanes(); ++n)
        seed.at(f, n / kLanes)[n % kLanes] = weight(f, n);
    }
    std::vector<float> result(parameters.layout().size(), std::nanf(""));
    pass.backward(scaled, result, context);
    parameters.layout().apply_scales(result, result);
    return result;
  }

  Graph graph;
  ParameterStore parameters;
  Plan plan;
  MicroBatchPass pass;
  std::vector<float> scaled;
  std::vector<Index> samples = std::vector<Index>(16, 0);
  PassContext context{.training = true, .samples = samples};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(micro_batch_pass)

BOOST_AUTO_TEST_CASE(gradients_through_branches_and_joins_equal_finite_differences) {
  Bench bench(branching_network());
  const std::vector<float> gradient = bench.gradient();
  // Central differences in float: the loss is about 10 with errors of 1e-6 relative, divided by
  // 2 * 2^-7, so about 1e-3 absolute; the curvature of tanh adds less than that.
  constexpr float kStep = 0x1p-7F;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const float value = bench.parameters.values()[i];
    bench.parameters.mutable_values()[i] = value + kStep;
    const double above = bench.loss();
    bench.parameters.mutable_values()[i] = value - kStep;
    const double below = bench.loss();
    bench.parameters.mutable_values()[i] = value;
    const double expected = (above - below) / (2 * static_cast<double>(kStep));
    BOOST_TEST(
        std::abs(static_cast<double>(gradient[i]) - expected) < 2e-3 + 2e-3 * std::abs(expected),
        "parameter " << i << ": " << gradient[i] << " is not " << expected);
  }
}

BOOST_AUTO_TEST_CASE(a_scaled_weight_is_multiplied_in_use_and_so_is_its_gradient) {
  const auto network = [](const char* scale) {
    return parse_graph_spec(
        model_value({3}, {{"f", "dense", {{"units", "2"}, {"weight_scale", scale}}}}));
  };
  Bench plain(network("1"));
  Bench scaled(network("0.5"));
  // Stored values twice as large, scaled by a half: the same function with half the gradient.
  for (std::size_t i = 0; i < 6; ++i) {
    scaled.parameters.mutable_values()[i] = plain.parameters.values()[i] * 2;
  }
  BOOST_TEST(plain.loss() == scaled.loss());
  const std::vector<float> a = plain.gradient();
  const std::vector<float> b = scaled.gradient();
  for (std::size_t i = 0; i < 6; ++i) BOOST_TEST(b[i] == a[i] * 0.5F);
  BOOST_TEST(b[6] == a[6]);  // the bias is not scaled
}

BOOST_AUTO_TEST_CASE(blocks_without_samples_change_no_bit) {
  // 16 samples alone, and the same 16 in a pass that could hold 64.
  Bench small(branching_network(), 16);
  Bench large(branching_network(), 64);
  large.samples.resize(64);
  large.context.samples = large.samples;
  large.pass.set_samples(16);
  BOOST_TEST(small.gradient() == large.gradient(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fused_steps_done_in_shares_have_the_bits_of_the_whole) {
  Bench whole(testing::lenet5_network(), 32);
  whole.samples.resize(32);
  whole.context.samples = whole.samples;
  const std::vector<float> expected = whole.gradient();
  for (const std::size_t count : {2U, 5U}) {
    std::vector<float> gradient(expected.size(), std::nanf(""));
    MicroBatchPass& pass = whole.pass;
    pass.bind_gradients(gradient);
    const std::size_t steps = whole.plan.steps().size();
    for (std::size_t step = 0; step < steps; ++step) {
      for (std::size_t i = 0; i < count; ++i) pass.forward_step(step, whole.context, {i, count});
    }
    for (std::size_t step = steps; step-- > 0;) {
      for (std::size_t i = 0; i < count; ++i) {
        AlignedBuffer<float> scratch(pass.scratch().size());
        for (float& element : scratch.span()) element = std::nanf("");
        pass.backward_step(step, whole.context, scratch.span(), {i, count});
      }
    }
    BOOST_TEST(gradient == expected, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(inference_gives_the_same_outputs_without_memory_for_gradients) {
  Bench bench(branching_network());
  const Plan plan(bench.graph, 16, PlanPurpose::inference);
  BOOST_TEST(plan.workspace_size() < bench.plan.workspace_size());
  MicroBatchPass pass(plan, bench.parameters.layout());
  for (std::size_t f = 0; f < pass.input().features; ++f) {
    std::copy_n(bench.pass.input().at(f, 0), kLanes, pass.input().at(f, 0));
  }
  bench.loss();
  pass.forward(bench.scaled, bench.context);
  for (std::size_t f = 0; f < pass.output().features; ++f) {
    for (std::size_t n = 0; n < kLanes; ++n) {
      BOOST_TEST(pass.output().at(f, 0)[n] == bench.pass.output().at(f, 0)[n]);
    }
  }
}

BOOST_AUTO_TEST_CASE(diagnosis_shows_every_layer_and_has_the_gradients_of_training) {
  Bench bench(testing::lenet5_network(), 16);
  const Plan plan(bench.graph, 16, PlanPurpose::diagnosis);
  BOOST_REQUIRE(plan.steps().size() == bench.graph.nodes().size());
  MicroBatchPass pass(plan, bench.parameters.layout());
  for (std::size_t f = 0; f < pass.input().features; ++f) {
    std::copy_n(bench.pass.input().at(f, 0), kLanes, pass.input().at(f, 0));
  }
  const std::vector<float> expected = bench.gradient();
  pass.forward(bench.scaled, bench.context);
  for (std::size_t f = 0; f < pass.output().features; ++f) {
    std::copy_n(bench.pass.output_gradient().at(f, 0), kLanes, pass.output_gradient().at(f, 0));
  }
  std::vector<float> gradient(expected.size(), std::nanf(""));
  pass.backward(bench.scaled, gradient, bench.context);
  bench.parameters.layout().apply_scales(gradient, gradient);
  BOOST_TEST(gradient == expected, boost::test_tools::per_element());
  for (std::size_t node = 0; node < plan.steps().size(); ++node) {
    const auto features = static_cast<std::size_t>(bench.graph.value_shape(node + 1).size());
    BOOST_TEST(pass.output_of(node).features == features);
    BOOST_TEST(pass.output_gradient_of(node).features == features);
  }
}

BOOST_AUTO_TEST_CASE(pooling_apart_from_its_convolution_spoils_no_value_in_inference) {
  // The input is read again behind a pooling that no kernel can take in.
  const GraphSpec spec = parse_graph_spec(model_value(
      {1, 6, 6}, {{"p", "max_pool2d", {{"kernel", "3"}, {"stride", "1"}, {"padding", "1"}}},
                  {"all", "concat", {}, {"p", "input"}}}));
  Bench bench(spec);
  for (const PlanPurpose purpose : {PlanPurpose::inference, PlanPurpose::inspection}) {
    const Plan plan(bench.graph, 16, purpose);
    MicroBatchPass pass(plan, bench.parameters.layout());
    for (std::size_t f = 0; f < 36; ++f) {
      std::copy_n(bench.pass.input().at(f, 0), kLanes, pass.input().at(f, 0));
    }
    pass.forward({}, bench.context);
    for (std::size_t f = 0; f < 36; ++f) {
      BOOST_TEST(pass.output().at(36 + f, 0)[3] == bench.pass.input().at(f, 0)[3]);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
