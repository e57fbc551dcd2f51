#include "framework/kernels/pixels_to_lanes.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "tests/framework/kernels/lane_tensor.hpp"

namespace lockstep {
namespace {

using namespace testing;

/// Some 0 to 255, floats not whole.
template <class Pixel>
std::vector<Pixel> some_pixels(std::size_t count) {
  std::mt19937 engine(static_cast<std::uint32_t>(count));
  std::vector<Pixel> pixels(count);
  for (Pixel& pixel : pixels) pixel = static_cast<Pixel>(static_cast<double>(engine()) * 0x1p-24);
  return pixels;
}

template <class Pixel>
void check_each_lane(std::size_t pixels) {
  constexpr float kFactor = 1.0F / 78.5655F;
  constexpr float kOffset = -0.42421296F;
  const std::vector<Pixel> memory = some_pixels<Pixel>(pixels * kLanes);
  PixelsToLanes<Pixel> arguments{.images = {},
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
      pixels_to_lanes(arguments);
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

BOOST_AUTO_TEST_SUITE(lanes_of_pixels)

BOOST_AUTO_TEST_CASE(each_lane_is_one_image_whatever_the_number_of_pixels) {
  for (const std::size_t pixels : {1U, 15U, 16U, 17U, 31U, 784U, 1000U}) {
    check_each_lane<std::uint8_t>(pixels);
    check_each_lane<float>(pixels);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
