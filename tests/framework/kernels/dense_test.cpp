#include "framework/kernels/dense.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "framework/kernels/activation.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

/// A dense layer's operands, random, in one layout for the input side and one for the output side.
struct Operands {
  std::size_t inputs;
  std::size_t outputs;
  std::size_t blocks;
  Layout input_layout;
  Layout output_layout;
  LaneTensor input = LaneTensor::random(inputs, blocks, input_layout, 1);
  LaneTensor output_gradient = LaneTensor::random(outputs, blocks, output_layout, 2);
  std::vector<float> weight = random_values(inputs * outputs, 3);
  std::vector<float> bias = random_values(outputs, 4);
};

/// Runs a check over sizes that fill the tiles and sizes that do not, in all layouts.
template <class Check>
void for_all_cases(const Check& check) {
  struct Size {
    std::size_t inputs;
    std::size_t outputs;
    std::size_t blocks;
  };
  for (const Size size : {Size{1, 1, 1}, Size{21, 10, 1}, Size{16, 12, 2}, Size{64, 24, 4},
                          Size{65, 13, 3}, Size{7, 84, 4}, Size{50, 31, 7}, Size{33, 3, 5}}) {
    for (const Layout input_layout : kLayouts) {
      for (const Layout output_layout : kLayouts) {
        BOOST_TEST_CONTEXT(size.inputs << " inputs, " << size.outputs << " outputs, " << size.blocks
                                       << " blocks, layouts " << static_cast<int>(input_layout)
                                       << static_cast<int>(output_layout)) {
          check(Operands{.inputs = size.inputs,
                         .outputs = size.outputs,
                         .blocks = size.blocks,
                         .input_layout = input_layout,
                         .output_layout = output_layout});
        }
      }
    }
  }
}

std::vector<float> naive_forward(const Operands& operands, bool with_bias) {
  std::vector<float> result;
  for (std::size_t o = 0; o < operands.outputs; ++o) {
    for (std::size_t n = 0; n < operands.input.lanes(); ++n) {
      float sum = with_bias ? operands.bias[o] : 0.0F;
      for (std::size_t i = 0; i < operands.inputs; ++i) {
        sum = std::fma(operands.weight[o * operands.inputs + i], operands.input.at(i, n), sum);
      }
      result.push_back(sum);
    }
  }
  return result;
}

std::vector<float> naive_input_gradient(const Operands& operands) {
  std::vector<float> result;
  for (std::size_t i = 0; i < operands.inputs; ++i) {
    for (std::size_t n = 0; n < operands.input.lanes(); ++n) {
      float sum = 0.0F;
      for (std::size_t o = 0; o < operands.outputs; ++o) {
        sum = std::fma(operands.weight[o * operands.inputs + i], operands.output_gradient.at(o, n),
                       sum);
      }
      result.push_back(sum);
    }
  }
  return result;
}

std::vector<float> naive_weight_gradient(const Operands& operands) {
  std::vector<float> result;
  for (std::size_t o = 0; o < operands.outputs; ++o) {
    for (std::size_t i = 0; i < operands.inputs; ++i) {
      float sum = 0.0F;
      for (std::size_t n = 0; n < operands.input.lanes(); ++n) {
        sum = std::fma(operands.output_gradient.at(o, n), operands.input.at(i, n), sum);
      }
      result.push_back(sum);
    }
  }
  return result;
}

std::vector<float> naive_bias_gradient(const Operands& operands) {
  std::vector<float> result;
  for (std::size_t o = 0; o < operands.outputs; ++o) {
    float sum = 0.0F;
    for (std::size_t n = 0; n < operands.input.lanes(); ++n) {
      sum += operands.output_gradient.at(o, n);
    }
    result.push_back(sum);
  }
  return result;
}

BOOST_AUTO_TEST_SUITE(dense)

BOOST_AUTO_TEST_CASE(forward_has_the_bits_of_the_naive_loops) {
  for_all_cases([](const Operands& operands) {
    for (const bool with_bias : {true, false}) {
      const std::vector<float> expected = naive_forward(operands, with_bias);
      for_each_isa([&] {
        LaneTensor output(operands.outputs, operands.blocks, operands.output_layout);
        dense_forward(Activation::none, {.input = operands.input.view(),
                                         .weight = operands.weight,
                                         .bias = with_bias ? std::span<const float>(operands.bias)
                                                           : std::span<const float>(),
                                         .output = output.view()});
        BOOST_TEST(first_difference(output.values(), expected) == kSame);
      });
    }
  });
}

/// What dense_backward writes, from memory full of NaN.
struct Gradients {
  std::vector<float> input;
  std::vector<float> weight;
  std::vector<float> bias;
};

Gradients backward(Activation activation, const Operands& operands, const LaneTensor& output) {
  const std::size_t lanes = operands.input.lanes();
  AlignedBuffer<float> scratch(dense_scratch({operands.inputs, operands.outputs, lanes}));
  for (float& element : scratch.span()) element = kNan;
  LaneTensor input_gradient(operands.inputs, operands.blocks, operands.input_layout);
  Gradients gradients;
  gradients.weight.assign(operands.weight.size(), kNan);
  gradients.bias.assign(operands.outputs, kNan);
  dense_backward(activation, {.input = operands.input.view(),
                              .output = output.view(),
                              .output_gradient = operands.output_gradient.view(),
                              .weight = operands.weight,
                              .weight_gradient = gradients.weight,
                              .bias_gradient = gradients.bias,
                              .input_gradient = input_gradient.view(),
                              .scratch = scratch.span()});
  gradients.input = input_gradient.values();
  return gradients;
}

BOOST_AUTO_TEST_CASE(gradients_have_the_bits_of_the_naive_loops) {
  for_all_cases([](const Operands& operands) {
    const std::vector<float> expected_input = naive_input_gradient(operands);
    const std::vector<float> expected_weight = naive_weight_gradient(operands);
    const std::vector<float> expected_bias = naive_bias_gradient(operands);
    const LaneTensor output(operands.outputs, operands.blocks, operands.output_layout);
    for_each_isa([&] {
      const Gradients found = backward(Activation::none, operands, output);
      BOOST_TEST(first_difference(found.input, expected_input) == kSame);
      BOOST_TEST(first_difference(found.weight, expected_weight) == kSame);
      BOOST_TEST(first_difference(found.bias, expected_bias) == kSame);
    });
  });
}

BOOST_AUTO_TEST_CASE(an_activation_has_the_bits_of_a_kernel_of_its_own) {
  using enum Activation;
  struct Kernels {
    Activation activation;
    void (*forward)(const ActivationForward&);
    void (*backward)(const ActivationBackward&);
  };
  const Kernels all[] = {{relu, relu_forward, relu_backward},
                         {tanh, tanh_forward, tanh_backward},
                         {sigmoid, sigmoid_forward, sigmoid_backward}};
  for_all_cases([&](const Operands& operands) {
    for (const Kernels& kernels : all) {
      LaneTensor sums(operands.outputs, operands.blocks, operands.output_layout);
      const DenseForward to_sums{.input = operands.input.view(),
                                 .weight = operands.weight,
                                 .bias = operands.bias,
                                 .output = sums.view()};
      dense_forward(none, to_sums);
      LaneTensor expected(operands.outputs, operands.blocks, operands.output_layout);
      kernels.forward({.input = std::as_const(sums).view(), .output = expected.view()});
      Operands before{.inputs = operands.inputs,
                      .outputs = operands.outputs,
                      .blocks = operands.blocks,
                      .input_layout = operands.input_layout,
                      .output_layout = operands.output_layout};
      kernels.backward({.output = std::as_const(expected).view(),
                        .output_gradient = operands.output_gradient.view(),
                        .input_gradient = before.output_gradient.view()});
      const Gradients gradients = backward(none, before, expected);
      for_each_isa([&] {
        LaneTensor output(operands.outputs, operands.blocks, operands.output_layout);
        DenseForward fused = to_sums;
        fused.output = output.view();
        dense_forward(kernels.activation, fused);
        BOOST_TEST(first_difference(output.values(), expected.values()) == kSame);
        const Gradients found = backward(kernels.activation, operands, expected);
        BOOST_TEST(first_difference(found.input, gradients.input) == kSame);
        BOOST_TEST(first_difference(found.weight, gradients.weight) == kSame);
        BOOST_TEST(first_difference(found.bias, gradients.bias) == kSame);
      });
    }
  });
}

BOOST_AUTO_TEST_CASE(a_hand_worked_layer) {
  // Inputs 2 and 3; weights 10 100 / 1 -1; biases 5 and 0.25.
  LaneTensor input(2, 1, Layout::whole);
  for (std::size_t l = 0; l < kLanes; ++l) {
    input.at(0, l) = 2.0F;
    input.at(1, l) = 3.0F;
  }
  const std::vector<float> weight{10, 100, 1, -1};
  const std::vector<float> bias{5, 0.25F};
  LaneTensor output(2, 1, Layout::whole);
  dense_forward(Activation::none, {.input = std::as_const(input).view(),
                                   .weight = weight,
                                   .bias = bias,
                                   .output = output.view()});
  BOOST_TEST(output.at(0, 7) == 325.0F);
  BOOST_TEST(output.at(1, 7) == -0.75F);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
