#include "framework/kernels/dense_one_sample.hpp"

#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

#include "framework/kernels/dense.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

constexpr std::size_t kLane = 5;  // of 16 different samples

void check_dense(std::size_t inputs, std::size_t outputs, Activation activation, bool has_bias) {
  const LaneTensor input = LaneTensor::random(inputs, 1, Layout::whole, 1);
  const std::vector<float> weight = random_values(inputs * outputs, 2);
  const std::vector<float> bias = random_values(has_bias ? outputs : 0, 3);
  LaneTensor lanes(outputs, 1, Layout::whole);
  dense_forward(activation,
                {.input = input.view(), .weight = weight, .bias = bias, .output = lanes.view()});
  AlignedBuffer<float> packed(packed_dense_size(inputs, outputs));
  pack_dense(weight, bias, outputs, packed.span());
  std::vector<float> output(outputs, kNan);
  dense_one_sample(activation,
                   {.input = input.lane(kLane), .packed = packed.span(), .output = output});
  BOOST_TEST(first_difference(output, lanes.lane(kLane)) == kSame);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(one_sample_dense)

BOOST_AUTO_TEST_CASE(one_sample_has_the_bits_of_a_lane_of_many) {
  for_each_isa([] {
    for (const Activation activation :
         {Activation::none, Activation::relu, Activation::tanh, Activation::sigmoid}) {
      for (const std::size_t outputs : {1U, 10U, 16U, 84U, 120U, 145U, 300U}) {
        for (const bool has_bias : {false, true}) {
          BOOST_TEST_CONTEXT(outputs << " outputs, activation " << static_cast<int>(activation)) {
            check_dense(37, outputs, activation, has_bias);
          }
        }
      }
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
