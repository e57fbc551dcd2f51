#include "framework/kernels/bytes_to_lanes.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

BOOST_AUTO_TEST_SUITE(lanes_of_bytes)

BOOST_AUTO_TEST_CASE(each_lane_is_one_image_whatever_the_number_of_pixels) {
  constexpr float kFactor = 1.0F / 78.5655F;
  constexpr float kOffset = -0.42421296F;
  for (const std::size_t pixels : {1U, 15U, 16U, 17U, 31U, 784U, 1000U}) {
    std::mt19937 engine(static_cast<std::uint32_t>(pixels));
    std::vector<std::uint8_t> memory(pixels * kLanes);
    for (std::uint8_t& byte : memory) byte = static_cast<std::uint8_t>(engine() >> 24U);
    BytesToLanes arguments{.images = {},
                           .pixels = pixels,
                           .factor = kFactor,
                           .offset = kOffset,
                           .output = nullptr,
                           .stride = 0};
    for (std::size_t l = 0; l < kLanes; ++l) arguments.images[l] = memory.data() + l * pixels;
    arguments.images[7] = arguments.images[3];  // the same image in two lanes
    for_each_isa([&] {
      for (const std::size_t blocks : {1U, 3U}) {
        LaneTensor output(pixels, blocks, Layout::whole);
        arguments.output = output.view().at(0, blocks - 1);
        arguments.stride = output.view().feature_stride;
        bytes_to_lanes(arguments);
        std::size_t wrong = 0;
        for (std::size_t p = 0; p < pixels; ++p) {
          for (std::size_t l = 0; l < kLanes; ++l) {
            const float expected =
                std::fma(static_cast<float>(arguments.images[l][p]), kFactor, kOffset);
            if (output.at(p, (blocks - 1) * kLanes + l) != expected) ++wrong;
          }
          if (blocks > 1 && !std::isnan(output.at(p, 0))) ++wrong;  // not its block
        }
        BOOST_TEST(wrong == 0U);
      }
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
