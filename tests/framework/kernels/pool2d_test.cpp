#include "framework/kernels/pool2d.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <ostream>
#include <vector>

#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

struct Case {
  WindowedImage geometry;
  std::size_t blocks;

  std::size_t inputs() const { return geometry.image.size(); }
  std::size_t outputs() const { return geometry.image.channels * geometry.output().size(); }
};

std::ostream& operator<<(std::ostream& out, const Case& tried) {
  const auto& [image, window] = tried.geometry;
  return out << "image " << image.channels << 'x' << image.rows << 'x' << image.columns
             << " kernel " << window.kernel.rows << 'x' << window.kernel.columns << " stride "
             << window.stride.rows << 'x' << window.stride.columns << " padding "
             << window.padding.rows << 'x' << window.padding.columns << " blocks " << tried.blocks;
}

std::vector<Case> cases() {
  return {{{{6, 8, 6}, {.kernel = {2, 2}, .stride = {2, 2}}}, 2},
          {{{2, 7, 9}, {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}}, 1},
          {{{1, 5, 8}, {.kernel = {2, 4}, .stride = {1, 1}, .padding = {1, 2}}}, 3},
          {{{3, 7, 5}, {.kernel = {1, 2}, .stride = {3, 3}}}, 1},
          {{{1, 4, 4}, {.kernel = {4, 4}}}, 1}};
}

/// Calls visit(output feature, input feature, tap) for the taps inside the image, in the order
/// (c, oy, ox, ky, kx).
template <class Visitor>
void for_taps(const WindowedImage& geometry, const Visitor& visit) {
  const auto& [image, window] = geometry;
  const Extent2d count = geometry.output();
  std::size_t output = 0;
  for (std::size_t c = 0; c < image.channels; ++c) {
    for (std::size_t oy = 0; oy < count.rows; ++oy) {
      for (std::size_t ox = 0; ox < count.columns; ++ox, ++output) {
        std::size_t tap = 0;
        for (std::size_t ky = 0; ky < window.kernel.rows; ++ky) {
          for (std::size_t kx = 0; kx < window.kernel.columns; ++kx, ++tap) {
            const std::size_t y = oy * window.stride.rows + ky - window.padding.rows;
            const std::size_t x = ox * window.stride.columns + kx - window.padding.columns;
            if (y >= image.rows || x >= image.columns) continue;  // wraps below zero
            visit(output, (c * image.rows + y) * image.columns + x, tap);
          }
        }
      }
    }
  }
}

/// A number for each (feature, lane), and how many were added.
struct Accumulator {
  explicit Accumulator(std::size_t features, std::size_t of_lanes)
      : lanes(of_lanes), values(features * lanes, 0.0F), counts(values.size(), 0) {}
  std::size_t lanes;
  std::vector<float> values;
  std::vector<int> counts;
};

template <class Check>
void for_all_pools(const Check& check) {
  for (const Case& tried : cases()) {
    for (const Layout input_layout : kLayouts) {
      for (const Layout output_layout : kLayouts) {
        BOOST_TEST_CONTEXT(tried << " layouts " << static_cast<int>(input_layout)
                                 << static_cast<int>(output_layout)) {
          check(tried, input_layout, output_layout);
        }
      }
    }
  }
}

std::vector<float> naive_average(const Case& tried, const LaneTensor& input) {
  Accumulator sum(tried.outputs(), input.lanes());
  for_taps(tried.geometry, [&](std::size_t output, std::size_t from, std::size_t /*tap*/) {
    for (std::size_t n = 0; n < sum.lanes; ++n) {
      const std::size_t i = output * sum.lanes + n;
      const float x = input.at(from, n);
      sum.values[i] = sum.counts[i]++ == 0 ? x : sum.values[i] + x;
    }
  });
  const std::size_t size = tried.geometry.window.kernel.size();
  const auto factor = static_cast<float>(1.0 / static_cast<double>(size));
  for (float& value : sum.values) value *= factor;
  return sum.values;
}

std::vector<float> naive_average_backward(const Case& tried, const LaneTensor& gradient) {
  const std::size_t lanes = gradient.lanes();
  const std::size_t size = tried.geometry.window.kernel.size();
  const auto factor = static_cast<float>(1.0 / static_cast<double>(size));
  std::vector<float> sums(tried.inputs() * lanes, 0.0F);
  for_taps(tried.geometry, [&](std::size_t output, std::size_t to, std::size_t /*tap*/) {
    for (std::size_t n = 0; n < lanes; ++n) {
      float& sum = sums[to * lanes + n];
      sum = std::fma(gradient.at(output, n), factor, sum);
    }
  });
  return sums;
}

struct Maxima {
  std::vector<float> values;
  std::vector<float> winners;
};

Maxima naive_maxima(const Case& tried, const LaneTensor& input) {
  Accumulator best(tried.outputs(), input.lanes());
  std::vector<float> winners(best.values.size(), kNan);
  for_taps(tried.geometry, [&](std::size_t output, std::size_t from, std::size_t tap) {
    for (std::size_t n = 0; n < best.lanes; ++n) {
      const std::size_t i = output * best.lanes + n;
      const float x = input.at(from, n);
      const bool first = best.counts[i]++ == 0;
      const bool first_nan = std::isnan(x) && !std::isnan(best.values[i]);
      if (first || x > best.values[i] || first_nan) {
        best.values[i] = x;
        winners[i] = static_cast<float>(tap);
      }
    }
  });
  return {.values = best.values, .winners = winners};
}

std::vector<float> naive_max_backward(const Case& tried, const LaneTensor& gradient,
                                      const std::vector<float>& winners) {
  const std::size_t lanes = gradient.lanes();
  std::vector<float> sums(tried.inputs() * lanes, 0.0F);
  for_taps(tried.geometry, [&](std::size_t output, std::size_t to, std::size_t tap) {
    for (std::size_t n = 0; n < lanes; ++n) {
      if (winners[output * lanes + n] != static_cast<float>(tap)) continue;
      sums[to * lanes + n] += gradient.at(output, n);
    }
  });
  return sums;
}

/// One feature per pixel, the same number in each lane.
LaneTensor image_of(const std::vector<float>& pixels) {
  LaneTensor tensor(pixels.size(), 1, Layout::blocked);
  for (std::size_t f = 0; f < pixels.size(); ++f) {
    for (std::size_t l = 0; l < kLanes; ++l) tensor.at(f, l) = pixels[f];
  }
  return tensor;
}

BOOST_AUTO_TEST_SUITE(pool2d)

BOOST_AUTO_TEST_CASE(average_forward_has_the_bits_of_the_naive_loops) {
  for_all_pools([](const Case& tried, Layout input_layout, Layout output_layout) {
    const LaneTensor input = LaneTensor::random(tried.inputs(), tried.blocks, input_layout, 1);
    const std::vector<float> expected = naive_average(tried, input);
    for_each_isa([&] {
      LaneTensor output(tried.outputs(), tried.blocks, output_layout);
      average_pool2d_forward(tried.geometry, {.input = input.view(), .output = output.view()});
      BOOST_TEST(first_difference(output.values(), expected) == kSame);
    });
  });
}

BOOST_AUTO_TEST_CASE(average_backward_has_the_bits_of_the_naive_loops) {
  for_all_pools([](const Case& tried, Layout input_layout, Layout output_layout) {
    const auto gradient = LaneTensor::random(tried.outputs(), tried.blocks, output_layout, 2);
    const std::vector<float> expected = naive_average_backward(tried, gradient);
    for_each_isa([&] {
      LaneTensor result(tried.inputs(), tried.blocks, input_layout);
      average_pool2d_backward(
          tried.geometry, {.output_gradient = gradient.view(), .input_gradient = result.view()});
      BOOST_TEST(first_difference(result.values(), expected) == kSame);
    });
  });
}

BOOST_AUTO_TEST_CASE(max_forward_and_backward_have_the_bits_of_the_naive_loops) {
  for_all_pools([](const Case& tried, Layout input_layout, Layout output_layout) {
    LaneTensor input = LaneTensor::random(tried.inputs(), tried.blocks, input_layout, 1);
    for (std::size_t f = 0; f < tried.inputs(); ++f) {  // ties, and a few NaN
      for (std::size_t n = 0; n < 8; ++n) input.at(f, n) = std::round(4.0F * input.at(f, n));
      if (f % 5 == 2) input.at(f, 9) = kNan;
    }
    const auto gradient = LaneTensor::random(tried.outputs(), tried.blocks, output_layout, 2);
    const Maxima expected = naive_maxima(tried, input);
    const std::vector<float> expected_back = naive_max_backward(tried, gradient, expected.winners);
    for_each_isa([&] {
      LaneTensor output(tried.outputs(), tried.blocks, output_layout);
      LaneTensor winners(tried.outputs(), tried.blocks, Layout::blocked);
      LaneTensor result(tried.inputs(), tried.blocks, input_layout);
      max_pool2d_forward(tried.geometry,
                         {.input = std::as_const(input).view(), .output = output.view()},
                         winners.view());
      max_pool2d_backward(tried.geometry,
                          {.output_gradient = gradient.view(), .input_gradient = result.view()},
                          winners.view());
      BOOST_TEST(first_difference(output.values(), expected.values) == kSame);
      BOOST_TEST(first_difference(winners.values(), expected.winners) == kSame);
      BOOST_TEST(first_difference(result.values(), expected_back) == kSame);
    });
  });
}

BOOST_AUTO_TEST_CASE(padding_never_wins_though_all_elements_are_negative) {
  const WindowedImage geometry{{1, 2, 2}, {.kernel = {2, 2}, .padding = {1, 1}}};
  const LaneTensor input = image_of({-4, -3, -2, -1});
  for_each_isa([&] {
    LaneTensor output(9, 1, Layout::blocked);
    LaneTensor winners(9, 1, Layout::blocked);
    max_pool2d_forward(geometry, {.input = input.view(), .output = output.view()}, winners.view());
    const std::vector<float> expected{-4, -3, -3, -2, -1, -1, -2, -1, -1};
    for (std::size_t f = 0; f < 9; ++f) BOOST_TEST(output.at(f, 3) == expected[f]);
    BOOST_TEST(winners.at(0, 3) == 3.0F);  // the tap at the bottom right of the corner's window
  });
}

BOOST_AUTO_TEST_CASE(padding_counts_as_zeros_in_an_average) {
  const WindowedImage geometry{{1, 2, 2}, {.kernel = {2, 2}, .padding = {1, 1}}};
  const LaneTensor input = image_of({4, 8, 12, 16});
  for_each_isa([&] {
    LaneTensor output(9, 1, Layout::blocked);
    average_pool2d_forward(geometry, {.input = input.view(), .output = output.view()});
    const std::vector<float> expected{1, 3, 2, 4, 10, 6, 3, 7, 4};
    for (std::size_t f = 0; f < 9; ++f) BOOST_TEST(output.at(f, 3) == expected[f]);
  });
}

BOOST_AUTO_TEST_CASE(a_nan_beats_every_number_and_takes_the_gradient) {
  const WindowedImage geometry{{1, 2, 2}, {.kernel = {2, 2}}};
  const LaneTensor input = image_of({5, kNan, 7, kNan});
  const LaneTensor gradient = image_of({1});
  for_each_isa([&] {
    LaneTensor output(1, 1, Layout::blocked);
    LaneTensor winners(1, 1, Layout::blocked);
    LaneTensor result(4, 1, Layout::blocked);
    max_pool2d_forward(geometry, {.input = input.view(), .output = output.view()}, winners.view());
    max_pool2d_backward(geometry,
                        {.output_gradient = gradient.view(), .input_gradient = result.view()},
                        winners.view());
    BOOST_TEST(std::isnan(output.at(0, 0)));
    for (std::size_t f = 0; f < 4; ++f) BOOST_TEST(result.at(f, 0) == (f == 1 ? 1.0F : 0.0F));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
