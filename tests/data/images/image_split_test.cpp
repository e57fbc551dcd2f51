#include "data/images/image_split.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "tests/data/formats/test_files.hpp"
#include "tests/data/images/gathered.hpp"

namespace lockstep {
namespace {

using testing::gather;
using testing::Gathered;
using testing::Layout;

constexpr std::size_t kSamples = 50;

/// 50 samples of 2x3x4, each pixel its own number.
ImageSet bytes_set() {
  return ImageSet({.name = "bytes",
                   .origin = "made",
                   .sample_shape = {2, 3, 4},
                   .pixels = counting(kSamples * 24),
                   .labels =
                       [] {
                         Bytes labels = counting(kSamples);
                         for (auto& label : labels) label = static_cast<std::uint8_t>(label % 10);
                         return labels;
                       }(),
                   .classes = 10});
}

const Preprocessing kNormal{
    .mean = {0.25, 0.5}, .standard_deviation = {0.3, 0.7}, .augment = Value::mapping()};

/// The stated formula, for pixel (c, y, x) of sample `index` of the set.
float expected(const ImageSet& set, Index index, std::array<Index, 3> position) {
  const auto [c, y, x] = position;
  const double mean = kNormal.mean[static_cast<std::size_t>(c)];
  const double deviation = kNormal.standard_deviation[static_cast<std::size_t>(c)];
  const std::uint8_t pixel = set.bytes()[static_cast<std::size_t>(index * 24 + c * 12 + y * 4 + x)];
  return std::fma(static_cast<float>(pixel), static_cast<float>(1 / (255 * deviation)),
                  static_cast<float>(-mean / deviation));
}

BOOST_AUTO_TEST_SUITE(image_split)

BOOST_AUTO_TEST_CASE(samples_are_normalised_into_their_lanes_in_both_layouts) {
  const ImageSet set = bytes_set();
  const ImageSplit split(set, {.first = 5, .count = 40}, kNormal);
  std::vector<Index> samples;
  for (Index i = 0; i < 32; ++i) samples.push_back((i * 7) % 40);
  for (const Layout layout : {Layout::blocked, Layout::whole}) {
    const Gathered got = gather(split, {.samples = samples}, 2, layout);
    for (std::size_t lane = 0; lane < 32; ++lane) {
      for (Index f = 0; f < 24; ++f) {
        const std::array<Index, 3> position{f / 12, f / 4 % 3, f % 4};
        BOOST_TEST(got.at(static_cast<std::size_t>(f), lane) ==
                   expected(set, 5 + samples[lane], position));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(floats_are_taken_as_zero_to_one) {
  const ImageSet set({.name = "floats",
                      .origin = "made",
                      .sample_shape = {1, 1, 2},
                      .pixels = std::vector<float>{0.0F, 0.5F, 1.0F, 0.3F},
                      .labels = {0, 1},
                      .classes = 10});
  const ImageSplit split(
      set, {.first = 0, .count = 2},
      {.mean = {0.5}, .standard_deviation = {0.25}, .augment = Value::mapping()});
  const std::vector<Index> samples{0, 1};
  const Gathered got = gather(split, {.samples = samples}, 1, Layout::blocked);
  BOOST_TEST(got.at(0, 0) == -2.0F);
  BOOST_TEST(got.at(1, 0) == 0.0F);
  BOOST_TEST(got.at(0, 1) == 2.0F);
  BOOST_TEST(got.at(1, 1) == std::fma(0.3F, 4.0F, -2.0F));
}

BOOST_AUTO_TEST_CASE(one_mean_and_deviation_serve_all_channels) {
  const ImageSet set = bytes_set();
  const ImageSplit one(set, {.first = 0, .count = 50},
                       {.mean = {0.25}, .standard_deviation = {0.5}, .augment = Value::mapping()});
  const ImageSplit each(
      set, {.first = 0, .count = 50},
      {.mean = {0.25, 0.25}, .standard_deviation = {0.5, 0.5}, .augment = Value::mapping()});
  const std::vector<Index> samples{7};
  BOOST_TEST(gather(one, {.samples = samples}, 1, Layout::whole).values ==
             gather(each, {.samples = samples}, 1, Layout::whole).values);
}

BOOST_AUTO_TEST_CASE(labels_and_sizes_are_those_of_the_range) {
  const ImageSet set = bytes_set();
  const ImageSplit split(set, {.first = 12, .count = 3}, kNormal);
  BOOST_TEST(split.size() == 3);
  BOOST_TEST(split.classes() == 10);
  BOOST_TEST((split.sample_shape() == Shape{2, 3, 4}));
  BOOST_REQUIRE_EQUAL(split.labels().size(), 3U);
  BOOST_TEST(split.labels()[0] == 2);
  BOOST_TEST(split.labels()[2] == 4);
}

BOOST_AUTO_TEST_CASE(numbers_that_do_not_fit_the_images_are_refused) {
  const ImageSet set = bytes_set();
  const auto message = [&](const Preprocessing& preprocessing) {
    return error_of(ErrorKind::usage,
                    [&] { ImageSplit(set, {.first = 0, .count = 1}, preprocessing); });
  };
  BOOST_TEST(contains(message({.mean = {0, 0, 0}}), "data.normalize.mean"));
  BOOST_TEST(contains(message({.standard_deviation = {}}), "data.normalize.std"));
  BOOST_TEST(contains(message({.standard_deviation = {0}}), "above 0"));
  BOOST_TEST(contains(message({.standard_deviation = {1, std::nan("")}}), "above 0"));
  BOOST_TEST(contains(message({.mean = {std::nan("")}}), "finite"));
  const auto shift = [](Index most) {
    return Preprocessing{.augment = Value::mapping({{"shift", Value::integer(most), {}}})};
  };
  BOOST_TEST(contains(message(shift(3)), "data.augment.shift: expected 0 to 2"));
  BOOST_CHECK_NO_THROW(ImageSplit(set, {.first = 0, .count = 1}, shift(2)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
