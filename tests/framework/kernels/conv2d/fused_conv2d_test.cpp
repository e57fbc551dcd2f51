// A convolution with an epilogue has the bits of the three kernels one after the other.

#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

#include "framework/kernels/activation.hpp"
#include "framework/kernels/conv2d/conv2d.hpp"
#include "framework/kernels/pool2d.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

constexpr std::size_t kBlocks = 2;

/// Sizes that the tiles divide and odd ones, whose last row and column pooling leaves out; borders
/// of every kind.
std::vector<Conv2dGeometry> geometries() {
  return {
      {.input = {.image = {1, 12, 12}, .window = {.kernel = {5, 5}}}, .filters = 6},
      {.input = {.image = {6, 8, 8}, .window = {.kernel = {5, 5}}}, .filters = 16},
      {.input = {.image = {3, 7, 9}, .window = {.kernel = {3, 3}, .padding = {1, 1}}},
       .filters = 5},
      {.input = {.image = {2, 6, 11},
                 .window = {.kernel = {2, 7}, .stride = {1, 2}, .padding = {1, 3}}},
       .filters = 7},
      {.input = {.image = {4, 9, 8}, .window = {.kernel = {1, 1}, .stride = {2, 1}}},
       .filters = 13},
      {.input = {.image = {1, 3, 3}, .window = {.kernel = {2, 2}}}, .filters = 1},
      {.input = {.image = {2, 40, 41}, .window = {.kernel = {3, 3}}}, .filters = 9},
  };
}

/// What a pass over the layers leaves.
struct Result {
  std::vector<float> output;
  std::vector<float> input_gradient;
  std::vector<float> weight_gradient;
  std::vector<float> bias_gradient;
};

struct FusedOperands {
  explicit FusedOperands(const Conv2dGeometry& geometry)
      : input(LaneTensor::random(geometry.input.image.size(), kBlocks, Layout::blocked, 1)),
        output_gradient(LaneTensor::random(geometry.filters * geometry.output().size(), kBlocks,
                                           Layout::blocked, 2)),
        weight(random_values(geometry.weights(), 3)),
        bias(random_values(geometry.filters, 4)) {}
  LaneTensor input;
  LaneTensor output_gradient;
  std::vector<float> weight;
  std::vector<float> bias;
};

Result run_convolution(const Conv2dGeometry& geometry, const FusedOperands& operands,
                       const LaneTensor& output_gradient, LaneTensor& output,
                       bool wants_input_gradient) {
  const Conv2dMemory memory = conv2d_memory(geometry, kBlocks);
  AlignedBuffer<float> saved(memory.saved);
  AlignedBuffer<float> scratch(memory.scratch);
  for (float& element : saved.span()) element = kNan;
  for (float& element : scratch.span()) element = kNan;
  conv2d_forward(geometry, {.input = operands.input.view(),
                            .weight = operands.weight,
                            .bias = operands.bias,
                            .output = output.view(),
                            .saved = saved.span()});
  LaneTensor input_gradient(geometry.input.image.size(), kBlocks, Layout::blocked);
  Result result;
  result.weight_gradient.assign(geometry.weights(), kNan);
  result.bias_gradient.assign(geometry.filters, kNan);
  conv2d_backward(geometry,
                  {.input = operands.input.view(),
                   .output = std::as_const(output).view(),
                   .output_gradient = output_gradient.view(),
                   .weight = operands.weight,
                   .weight_gradient = result.weight_gradient,
                   .bias_gradient = result.bias_gradient,
                   .input_gradient = wants_input_gradient ? input_gradient.view() : LaneView(),
                   .saved = saved.span(),
                   .scratch = scratch.span()});
  result.output = output.values();
  if (wants_input_gradient) result.input_gradient = input_gradient.values();
  return result;
}

void activate(Activation activation, const ActivationForward& arguments) {
  switch (activation) {
    case Activation::none:
      break;
    case Activation::relu:
      return relu_forward(arguments);
    case Activation::tanh:
      return tanh_forward(arguments);
    case Activation::sigmoid:
      return sigmoid_forward(arguments);
  }
}

void activate_back(Activation activation, const ActivationBackward& arguments) {
  switch (activation) {
    case Activation::none:
      break;
    case Activation::relu:
      return relu_backward(arguments);
    case Activation::tanh:
      return tanh_backward(arguments);
    case Activation::sigmoid:
      return sigmoid_backward(arguments);
  }
}

/// The same by kernels of their own.
Result run_one_by_one(const Conv2dGeometry& fused, const FusedOperands& operands) {
  Conv2dGeometry geometry = fused;
  geometry.epilogue = {};
  const auto [activation, pooling] = fused.epilogue;
  const Extent2d before = geometry.output();
  const WindowedImage pool{.image = {geometry.filters, before.rows, before.columns},
                           .window = {.kernel = {2, 2}, .stride = {2, 2}}};
  const auto tensor = [](std::size_t features) {
    return LaneTensor(features, kBlocks, Layout::blocked);
  };
  LaneTensor sums = tensor(geometry.filters * before.size());
  conv2d_forward(geometry, {.input = operands.input.view(),
                            .weight = operands.weight,
                            .bias = operands.bias,
                            .output = sums.view(),
                            .saved = {}});
  LaneTensor activated = tensor(sums.features());
  if (activation == Activation::none) activated = std::move(sums);
  activate(activation, {.input = std::as_const(sums).view(), .output = activated.view()});
  LaneTensor pooled = tensor(operands.output_gradient.features());
  LaneTensor winners = tensor(pooled.features());
  LaneTensor gradient = tensor(activated.features());
  const PoolForward forward{.input = std::as_const(activated).view(), .output = pooled.view()};
  const PoolBackward backward{.output_gradient = operands.output_gradient.view(),
                              .input_gradient = gradient.view()};
  if (pooling == Pooling::average) {
    average_pool2d_forward(pool, forward);
    average_pool2d_backward(pool, backward);
  } else if (pooling == Pooling::maximum) {
    max_pool2d_forward(pool, forward, winners.view());
    max_pool2d_backward(pool, backward, std::as_const(winners).view());
  }
  const LaneTensor& after =
      pooling == Pooling::none ? operands.output_gradient : std::as_const(gradient);
  LaneTensor of_sums = tensor(activated.features());
  if (activation != Activation::none) {
    activate_back(activation, {.output = std::as_const(activated).view(),
                               .output_gradient = after.view(),
                               .input_gradient = of_sums.view()});
  }
  LaneTensor again = tensor(activated.features());
  Result result =
      run_convolution(geometry, operands,
                      activation == Activation::none ? after : std::as_const(of_sums), again, true);
  result.output = pooling == Pooling::none ? activated.values() : pooled.values();
  return result;
}

template <class Check>
void for_all_epilogues(const Check& check) {
  using enum Activation;
  for (Conv2dGeometry geometry : geometries()) {
    for (const Activation activation : {none, relu, tanh, sigmoid}) {
      for (const Pooling pooling : {Pooling::none, Pooling::average, Pooling::maximum}) {
        geometry.epilogue = {.activation = activation, .pooling = pooling};
        BOOST_TEST_CONTEXT(geometry.filters << " filters, activation "
                                            << static_cast<int>(activation) << ", pooling "
                                            << static_cast<int>(pooling)) {
          check(geometry);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE(fused_conv2d)

BOOST_AUTO_TEST_CASE(the_bits_are_those_of_one_kernel_after_the_other) {
  for_all_epilogues([](const Conv2dGeometry& geometry) {
    const FusedOperands operands(geometry);
    const Result expected = run_one_by_one(geometry, operands);
    for_each_isa([&] {
      for (const bool wants_input_gradient : {true, false}) {
        LaneTensor output(operands.output_gradient.features(), kBlocks, Layout::blocked);
        const Result found = run_convolution(geometry, operands, operands.output_gradient, output,
                                             wants_input_gradient);
        BOOST_TEST(first_difference(found.output, expected.output) == kSame);
        BOOST_TEST(first_difference(found.weight_gradient, expected.weight_gradient) == kSame);
        BOOST_TEST(first_difference(found.bias_gradient, expected.bias_gradient) == kSame);
        if (!wants_input_gradient) continue;
        BOOST_TEST(first_difference(found.input_gradient, expected.input_gradient) == kSame);
      }
    });
  });
}

BOOST_AUTO_TEST_CASE(without_a_backward_pass_nothing_is_saved_and_the_output_is_the_same) {
  for_all_epilogues([](const Conv2dGeometry& geometry) {
    const FusedOperands operands(geometry);
    const Result expected = run_one_by_one(geometry, operands);
    LaneTensor output(operands.output_gradient.features(), kBlocks, Layout::whole);
    conv2d_forward(geometry, {.input = operands.input.view(),
                              .weight = operands.weight,
                              .bias = operands.bias,
                              .output = output.view(),
                              .saved = {}});
    BOOST_TEST(first_difference(output.values(), expected.output) == kSame);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
