#include "framework/kernels/machine_limits.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/kernels/isa.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

float sum_of_chains(std::size_t rounds) {
  float sum = 0;
  for (std::size_t chain = 0; chain < kFmaChains; ++chain) {
    float x = 1.0F + static_cast<float>(chain);
    for (std::size_t round = 0; round < rounds; ++round) x = std::fma(x, kFmaFactor, kFmaAddend);
    sum += x;
  }
  return sum;
}

BOOST_AUTO_TEST_SUITE(machine_limits)

BOOST_AUTO_TEST_CASE(every_chain_of_multiply_adds_is_worked_out) {
  for (const std::size_t rounds : {0U, 1U, 7U, 1000U}) {
    for_each_isa([&] { BOOST_TEST(run_fused_multiply_adds(rounds).sum == sum_of_chains(rounds)); });
  }
}

BOOST_AUTO_TEST_CASE(the_operations_are_two_for_each_lane_of_each_chain) {
  for_each_isa([] {
    const double lanes = run_fused_multiply_adds(1).operations / (2.0 * kFmaChains);
    const std::string isa = current_isa();
    BOOST_TEST(lanes == (isa == "avx512" ? 16 : isa == "avx2" ? 8 : 1), isa << ": " << lanes);
    BOOST_TEST(run_fused_multiply_adds(50).operations == 50 * lanes * 2 * kFmaChains);
  });
}

BOOST_AUTO_TEST_CASE(a_triad_multiplies_and_adds_each_element_once) {
  AlignedBuffer<float> addend(48);
  AlignedBuffer<float> input(48);
  std::vector<float> expected;
  for (std::size_t i = 0; i < 48; ++i) {
    addend.span()[i] = random_values(48, 1)[i];
    input.span()[i] = random_values(48, 2)[i];
    expected.push_back(std::fma(0.3F, input.span()[i], addend.span()[i]));
  }
  for_each_isa([&] {
    AlignedBuffer<float> output(48);
    run_triad(
        {.addend = addend.span(), .input = input.span(), .factor = 0.3F, .output = output.span()});
    BOOST_TEST(first_difference(output.span(), expected) == kSame);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
