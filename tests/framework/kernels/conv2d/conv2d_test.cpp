#include "framework/kernels/conv2d/conv2d.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <ostream>
#include <vector>

#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

struct Case {
  Conv2dGeometry geometry;
  std::size_t blocks;
};

std::ostream& operator<<(std::ostream& out, const Case& tried) {
  const auto& [image, window] = tried.geometry.input;
  return out << "image " << image.channels << 'x' << image.rows << 'x' << image.columns
             << " kernel " << window.kernel.rows << 'x' << window.kernel.columns << " stride "
             << window.stride.rows << 'x' << window.stride.columns << " padding "
             << window.padding.rows << 'x' << window.padding.columns << " filters "
             << tried.geometry.filters << " blocks " << tried.blocks;
}

Case make_case(ImageShape image, Window window, std::size_t filters, std::size_t blocks) {
  return {.geometry = {.input = {.image = image, .window = window}, .filters = filters},
          .blocks = blocks};
}

/// Every kind of tile and border: sizes that divide the tiles and sizes that do not, windows that
/// reach over each border, steps wider than the kernel, padding as wide as the kernel.
std::vector<Case> cases() {
  return {
      make_case({1, 11, 12}, {.kernel = {5, 5}}, 6, 2),
      make_case({6, 8, 8}, {.kernel = {5, 5}}, 16, 1),
      make_case({3, 7, 9}, {.kernel = {3, 3}, .padding = {1, 1}}, 5, 3),
      make_case({2, 6, 11}, {.kernel = {2, 7}, .padding = {0, 3}}, 7, 1),
      make_case({7, 9, 8}, {.kernel = {3, 2}, .stride = {2, 3}, .padding = {1, 0}}, 3, 2),
      make_case({1, 5, 23}, {.kernel = {1, 4}, .stride = {1, 2}, .padding = {0, 2}}, 1, 1),
      make_case({4, 7, 8}, {.kernel = {1, 1}, .stride = {3, 3}}, 2, 1),
      make_case({2, 3, 2}, {.kernel = {3, 8}, .stride = {1, 1}, .padding = {3, 8}}, 4, 2),
      make_case({1, 1, 1}, {.kernel = {1, 1}}, 1, 1),
      make_case({13, 4, 5}, {.kernel = {4, 5}}, 13, 1),
      // More rows of gradients than the first cache holds: they are worked on in turns.
      make_case({2, 5, 70}, {.kernel = {3, 3}, .padding = {1, 1}}, 8, 2),
      make_case({1, 14, 40}, {.kernel = {5, 5}}, 6, 1),
      make_case({2, 6, 30}, {.kernel = {2, 9}, .stride = {5, 2}, .padding = {1, 4}}, 12, 1),
  };
}

/// Calls visit(weight, input feature, output feature) for all taps inside the image, in the order
/// (o, oy, ox, c, ky, kx).
template <class Visitor>
void for_taps(const Conv2dGeometry& geometry, const Visitor& visit) {
  const auto& [image, window] = geometry.input;
  const Extent2d count = geometry.input.output();
  std::size_t output = 0;
  for (std::size_t o = 0; o < geometry.filters; ++o) {
    for (std::size_t oy = 0; oy < count.rows; ++oy) {
      for (std::size_t ox = 0; ox < count.columns; ++ox, ++output) {
        std::size_t weight = o * geometry.weights_per_filter();
        for (std::size_t c = 0; c < image.channels; ++c) {
          for (std::size_t ky = 0; ky < window.kernel.rows; ++ky) {
            for (std::size_t kx = 0; kx < window.kernel.columns; ++kx, ++weight) {
              const std::size_t y = oy * window.stride.rows + ky - window.padding.rows;
              const std::size_t x = ox * window.stride.columns + kx - window.padding.columns;
              if (y >= image.rows || x >= image.columns) continue;  // wraps below zero
              visit(weight, (c * image.rows + y) * image.columns + x, output);
            }
          }
        }
      }
    }
  }
}

/// A convolution's operands, random, in one layout for the input side and one for the output side.
struct Operands {
  Operands(const Case& tried, Layout input_layout, Layout output_layout)
      : inputs(tried.geometry.input.image.size()),
        outputs(tried.geometry.filters * tried.geometry.input.output().size()),
        input(LaneTensor::random(inputs, tried.blocks, input_layout, 1)),
        output_gradient(LaneTensor::random(outputs, tried.blocks, output_layout, 2)),
        output(outputs, tried.blocks, output_layout),
        input_gradient(inputs, tried.blocks, input_layout),
        weight(random_values(tried.geometry.weights(), 3)),
        bias(random_values(tried.geometry.filters, 4)) {}
  std::size_t inputs;
  std::size_t outputs;
  LaneTensor input;
  LaneTensor output_gradient;
  LaneTensor output;
  LaneTensor input_gradient;
  std::vector<float> weight;
  std::vector<float> bias;
};

std::vector<float> naive_forward(const Case& tried, const Operands& operands, bool with_bias) {
  const std::size_t lanes = operands.input.lanes();
  const std::size_t per_filter = operands.outputs / tried.geometry.filters;
  std::vector<float> sums(operands.outputs * lanes, 0.0F);
  for (std::size_t i = 0; with_bias && i < sums.size(); ++i) {
    sums[i] = operands.bias[i / lanes / per_filter];
  }
  for_taps(tried.geometry, [&](std::size_t weight, std::size_t input, std::size_t output) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      float& sum = sums[output * lanes + lane];
      sum = std::fma(operands.weight[weight], operands.input.at(input, lane), sum);
    }
  });
  return sums;
}

/// Taps come in (o, oy, ox, c, ky, kx) order; per input element that is o, then windows from the
/// top left, in which kernel positions fall: so the windows are walked backwards.
std::vector<float> naive_input_gradient(const Case& tried, const Operands& operands) {
  struct Tap {
    std::size_t weight;
    std::size_t output;
  };
  std::vector<std::vector<Tap>> taps(operands.inputs);
  for_taps(tried.geometry, [&](std::size_t weight, std::size_t input, std::size_t output) {
    taps[input].push_back({weight, output});
  });
  const std::size_t lanes = operands.input.lanes();
  std::vector<float> sums(operands.inputs * lanes, 0.0F);
  for (std::size_t input = 0; input < operands.inputs; ++input) {
    // An element's channel is fixed, so ascending weights are ascending (o, ky, kx).
    std::sort(taps[input].begin(), taps[input].end(),
              [](const Tap& left, const Tap& right) { return left.weight < right.weight; });
    for (const Tap& tap : taps[input]) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        float& sum = sums[input * lanes + lane];
        sum = std::fma(operands.weight[tap.weight], operands.output_gradient.at(tap.output, lane),
                       sum);
      }
    }
  }
  return sums;
}

float folded(std::vector<float> lanes) {
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  }
  return lanes[0];
}

std::vector<float> naive_weight_gradient(const Case& tried, const Operands& operands) {
  std::vector<std::vector<float>> sums(tried.geometry.weights(), std::vector<float>(kLanes, 0.0F));
  for (std::size_t block = 0; block < tried.blocks; ++block) {
    for_taps(tried.geometry, [&](std::size_t weight, std::size_t input, std::size_t output) {
      for (std::size_t l = 0; l < kLanes; ++l) {
        const std::size_t lane = block * kLanes + l;
        sums[weight][l] = std::fma(operands.output_gradient.at(output, lane),
                                   operands.input.at(input, lane), sums[weight][l]);
      }
    });
  }
  std::vector<float> gradient;
  for (const auto& lanes : sums) gradient.push_back(folded(lanes));
  return gradient;
}

std::vector<float> naive_bias_gradient(const Case& tried, const Operands& operands) {
  const std::size_t positions = tried.geometry.input.output().size();
  std::vector<float> gradient;
  for (std::size_t o = 0; o < tried.geometry.filters; ++o) {
    std::vector<float> lanes(kLanes, 0.0F);
    for (std::size_t lane = 0; lane < operands.output_gradient.lanes(); lane += kLanes) {
      for (std::size_t position = 0; position < positions; ++position) {
        for (std::size_t l = 0; l < kLanes; ++l) {
          lanes[l] += operands.output_gradient.at(o * positions + position, lane + l);
        }
      }
    }
    gradient.push_back(folded(lanes));
  }
  return gradient;
}

/// Runs a check of each case in both layouts of the output.
template <class Check>
void for_all_cases(const Check& check) {
  for (const Case& tried : cases()) {
    for (const Layout output_layout : kLayouts) {
      BOOST_TEST_CONTEXT(tried << " layout " << static_cast<int>(output_layout)) {
        check(tried, Operands(tried, Layout::blocked, output_layout));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE(conv2d)

BOOST_AUTO_TEST_CASE(forward_has_the_bits_of_the_naive_loops) {
  for_all_cases([](const Case& tried, Operands operands) {
    for (const bool with_bias : {true, false}) {
      const std::vector<float> expected = naive_forward(tried, operands, with_bias);
      for_each_isa([&] {
        operands.output.fill(kNan);
        conv2d_forward(tried.geometry, {.input = operands.input.view(),
                                        .weight = operands.weight,
                                        .bias = with_bias ? std::span<const float>(operands.bias)
                                                          : std::span<const float>(),
                                        .output = operands.output.view(),
                                        .saved = {}});
        BOOST_TEST(first_difference(operands.output.values(), expected) == kSame);
      });
    }
  });
}

BOOST_AUTO_TEST_CASE(gradients_have_the_bits_of_the_naive_loops) {
  for_all_cases([](const Case& tried, Operands operands) {
    const std::vector<float> expected_input = naive_input_gradient(tried, operands);
    const std::vector<float> expected_weight = naive_weight_gradient(tried, operands);
    const std::vector<float> expected_bias = naive_bias_gradient(tried, operands);
    AlignedBuffer<float> scratch(conv2d_memory(tried.geometry, tried.blocks).scratch);
    for_each_isa([&] {
      std::vector<float> weight(tried.geometry.weights(), kNan);
      std::vector<float> bias(tried.geometry.filters, kNan);
      operands.input_gradient.fill(kNan);
      for (float& element : scratch.span()) element = kNan;
      conv2d_backward(tried.geometry, {.input = operands.input.view(),
                                       .output = operands.output.view(),
                                       .output_gradient = operands.output_gradient.view(),
                                       .weight = operands.weight,
                                       .weight_gradient = weight,
                                       .bias_gradient = bias,
                                       .input_gradient = operands.input_gradient.view(),
                                       .saved = {},
                                       .scratch = scratch.span()});
      BOOST_TEST(first_difference(operands.input_gradient.values(), expected_input) == kSame);
      BOOST_TEST(first_difference(weight, expected_weight) == kSame);
      BOOST_TEST(first_difference(bias, expected_bias) == kSame);
    });
  });
}

BOOST_AUTO_TEST_CASE(taps_outside_the_image_take_no_part_even_with_an_infinite_weight) {
  const Case tried = make_case({1, 4, 4}, {.kernel = {3, 3}, .padding = {1, 1}}, 1, 1);
  Operands operands(tried, Layout::blocked, Layout::blocked);
  operands.weight[0] = std::numeric_limits<float>::infinity();  // the tap at the top left
  for_each_isa([&] {
    conv2d_forward(tried.geometry, {.input = operands.input.view(),
                                    .weight = operands.weight,
                                    .bias = operands.bias,
                                    .output = operands.output.view(),
                                    .saved = {}});
    BOOST_TEST(std::isfinite(operands.output.at(3, 0)));   // first row
    BOOST_TEST(!std::isfinite(operands.output.at(5, 0)));  // second row, second column
  });
}

BOOST_AUTO_TEST_CASE(a_hand_worked_convolution) {
  // Image 1 2 / 3 4, kernel 1 10 / 100 1000, bias 0.5, padding 1: the corners see one pixel each.
  const Conv2dGeometry geometry{
      .input = {.image = {1, 2, 2}, .window = {.kernel = {2, 2}, .padding = {1, 1}}}};
  LaneTensor input(4, 1, Layout::blocked);
  for (std::size_t f = 0; f < 4; ++f) {
    for (std::size_t l = 0; l < kLanes; ++l) input.at(f, l) = static_cast<float>(f + 1);
  }
  LaneTensor output(9, 1, Layout::blocked);
  const std::vector<float> weight{1, 10, 100, 1000};
  const std::vector<float> bias{0.5F};
  conv2d_forward(geometry, {.input = std::as_const(input).view(),
                            .weight = weight,
                            .bias = bias,
                            .output = output.view(),
                            .saved = {}});
  const std::vector<float> expected{1000.5F, 2100.5F, 200.5F, 3010.5F, 4321.5F,
                                    402.5F,  30.5F,   43.5F,  4.5F};
  for (std::size_t f = 0; f < 9; ++f) BOOST_TEST(output.at(f, 15) == expected[f]);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
