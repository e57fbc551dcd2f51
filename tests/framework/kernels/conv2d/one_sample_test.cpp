#include "framework/kernels/conv2d/one_sample.hpp"

#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

constexpr std::size_t kLane = 5;  // of 16 different samples

/// Tiles of every size; filters that fill a vector, part of one, and more than one; and so few that
/// columns are worked in lanes, where the last tiles lie over others.
std::vector<Conv2dGeometry> one_sample_geometries() {
  return {
      {.input = {{1, 28, 28}, {.kernel = {5, 5}}}, .filters = 6},
      {.input = {{6, 12, 12}, {.kernel = {5, 5}}}, .filters = 16},
      {.input = {{3, 9, 33}, {.kernel = {3, 3}, .padding = {1, 1}}}, .filters = 19},
      {.input = {{2, 7, 10}, {.kernel = {2, 3}, .stride = {2, 3}, .padding = {0, 2}}},
       .filters = 33},
      {.input = {{1, 3, 4}, {.kernel = {4, 7}, .padding = {2, 3}}}, .filters = 1},
      {.input = {{2, 2, 3}, {.kernel = {1, 1}, .padding = {3, 2}}}, .filters = 4},
      {.input = {{4, 6, 5}, {.kernel = {1, 1}, .stride = {2, 2}}}, .filters = 8},
      {.input = {{2, 8, 47}, {.kernel = {3, 3}}}, .filters = 5},
      {.input = {{1, 9, 40}, {.kernel = {3, 3}}}, .filters = 3},
      {.input = {{3, 4, 19}, {.kernel = {2, 4}}}, .filters = 7},
      {.input = {{1, 5, 200}, {.kernel = {2, 1}}}, .filters = 20},
      {.input = {{1, 6, 70}, {.kernel = {3, 2}, .padding = {0, 1}}}, .filters = 9},
  };
}

std::vector<Epilogue> epilogues() {
  std::vector<Epilogue> all;
  for (const Activation activation :
       {Activation::none, Activation::relu, Activation::tanh, Activation::sigmoid}) {
    for (const Pooling pooling : {Pooling::none, Pooling::average, Pooling::maximum}) {
      all.push_back({.activation = activation, .pooling = pooling});
    }
  }
  return all;
}

void check_convolution(const Conv2dGeometry& geometry, bool has_bias) {
  const LaneTensor input = LaneTensor::random(geometry.input.image.size(), 1, Layout::blocked, 1);
  const std::vector<float> weight = random_values(geometry.weights(), 2);
  const std::vector<float> bias = random_values(has_bias ? geometry.filters : 0, 3);
  const std::size_t outputs = geometry.filters * geometry.output().size();
  LaneTensor lanes(outputs, 1, Layout::blocked);
  conv2d_forward(
      geometry,
      {.input = input.view(), .weight = weight, .bias = bias, .output = lanes.view(), .saved = {}});
  AlignedBuffer<float> packed(packed_filters_size(geometry));
  pack_filters(geometry, weight, bias, packed.span());
  std::vector<float> output(outputs, kNan);
  conv2d_one_sample(geometry,
                    {.input = input.lane(kLane), .packed = packed.span(), .output = output});
  BOOST_TEST(first_difference(output, lanes.lane(kLane)) == kSame);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(one_sample_convolution)

BOOST_AUTO_TEST_CASE(one_sample_has_the_bits_of_a_lane_of_many) {
  for_each_isa([] {
    for (Conv2dGeometry geometry : one_sample_geometries()) {
      for (const Epilogue& epilogue : epilogues()) {
        geometry.epilogue = epilogue;
        if (geometry.output().size() == 0) continue;
        for (const bool has_bias : {false, true}) {
          BOOST_TEST_CONTEXT(geometry.filters << " filters on " << geometry.input.image.rows << 'x'
                                              << geometry.input.image.columns << ", activation "
                                              << static_cast<int>(epilogue.activation)
                                              << ", pooling "
                                              << static_cast<int>(epilogue.pooling)) {
            check_convolution(geometry, has_bias);
          }
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(taps_outside_the_image_take_no_part_even_where_weights_are_infinite) {
  const Conv2dGeometry geometry{.input = {{1, 1, 1}, {.kernel = {3, 3}, .padding = {1, 1}}},
                                .filters = 2};
  std::vector<float> weight(geometry.weights(), std::numeric_limits<float>::infinity());
  weight[4] = 0.5F;
  weight[13] = -2.0F;
  AlignedBuffer<float> packed(packed_filters_size(geometry));
  pack_filters(geometry, weight, {}, packed.span());
  std::vector<float> output(2, kNan);
  conv2d_one_sample(geometry,
                    {.input = std::vector<float>{3.0F}, .packed = packed.span(), .output = output});
  BOOST_TEST(output[0] == 1.5F);
  BOOST_TEST(output[1] == -6.0F);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
