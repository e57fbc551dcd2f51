#include "data/images/image_split.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "framework/core/aligned_buffer.hpp"
#include "tests/data/formats/test_files.hpp"

namespace lockstep {
namespace {

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

const Preprocessing kNormal{.mean = {0.25, 0.5}, .standard_deviation = {0.3, 0.7}, .shift = 0};

struct Gathered {
  std::vector<float> values;  // (features, lanes)
  std::size_t lanes;

  float at(std::size_t feature, std::size_t lane) const { return values[feature * lanes + lane]; }
};

enum class Layout { blocked, whole };

/// Gathers into memory that was full of NaN, and copies it out as (features, lanes). Lanes beyond
/// the given samples repeat the last.
Gathered gather(const Dataset& data, GatherRequest request, std::size_t blocks, Layout layout) {
  std::vector<Index> samples(request.samples.begin(), request.samples.end());
  samples.resize(blocks * kLanes, samples.back());
  request.samples = samples;
  const auto features = static_cast<std::size_t>(data.sample_shape().size());
  AlignedBuffer<float> memory(features * blocks * kLanes);
  std::fill(memory.span().begin(), memory.span().end(), std::numeric_limits<float>::quiet_NaN());
  float* const floats = memory.span().data();
  const LaneView view = layout == Layout::blocked ? blocked_view(floats, features, blocks)
                                                  : whole_view(floats, features, blocks);
  data.gather(request, view);
  Gathered result{.values = {}, .lanes = blocks * kLanes};
  for (std::size_t f = 0; f < features; ++f) {
    for (std::size_t lane = 0; lane < result.lanes; ++lane) {
      result.values.push_back(view.at(f, lane / kLanes)[lane % kLanes]);
    }
  }
  return result;
}

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
  const ImageSplit split(set, {.first = 0, .count = 2},
                         {.mean = {0.5}, .standard_deviation = {0.25}, .shift = 0});
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
                       {.mean = {0.25}, .standard_deviation = {0.5}, .shift = 0});
  const ImageSplit each(set, {.first = 0, .count = 50},
                        {.mean = {0.25, 0.25}, .standard_deviation = {0.5, 0.5}, .shift = 0});
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

/// A 5x5 image whose only bright pixel is in the middle shows where it was moved to.
ImageSet dots(std::size_t count) {
  Bytes pixels(count * 25);
  for (std::size_t i = 0; i < count; ++i) pixels[i * 25 + 12] = 255;
  return ImageSet({.name = "dots",
                   .origin = "made",
                   .sample_shape = {1, 5, 5},
                   .pixels = std::move(pixels),
                   .labels = Bytes(count),
                   .classes = 10});
}

/// Moves (down, right) of the first `count` samples.
std::vector<std::pair<int, int>> moves(const ImageSplit& split, GatherRequest request,
                                       std::size_t count) {
  std::vector<std::pair<int, int>> found;
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<Index> sample{static_cast<Index>(i)};
    request.samples = sample;
    const Gathered got = gather(split, request, 1, Layout::blocked);
    for (int f = 0; f < 25; ++f) {
      if (got.at(static_cast<std::size_t>(f), 0) > 0.5F) found.emplace_back(f / 5 - 2, f % 5 - 2);
    }
  }
  return found;
}

const Preprocessing kShift1{.mean = {0.0}, .standard_deviation = {1.0}, .shift = 1};

BOOST_AUTO_TEST_CASE(shifts_are_uniform_over_all_moves_and_change_with_seed_and_epoch) {
  constexpr std::size_t kCount = 1800;
  const ImageSet set = dots(kCount);
  const ImageSplit split(set, {.first = 0, .count = kCount}, kShift1);
  const GatherRequest request{.samples = {}, .seed = 1, .epoch = 0, .augment = true};
  const auto first = moves(split, request, kCount);
  BOOST_REQUIRE_EQUAL(first.size(), kCount);
  std::map<std::pair<int, int>, int> counts;
  for (const auto& move : first) ++counts[move];
  BOOST_TEST(counts.size() == 9U);
  // 200 are expected of each, with a standard deviation of 13.3; six of those are 80.
  for (const auto& [move, count] : counts) BOOST_TEST(std::abs(count - 200) < 80);

  const auto is_other = [&](const GatherRequest& other) {
    return moves(split, other, kCount) != first;
  };
  BOOST_TEST(!is_other(request));
  BOOST_TEST(is_other({.samples = {}, .seed = 2, .epoch = 0, .augment = true}));
  BOOST_TEST(is_other({.samples = {}, .seed = 1, .epoch = 1, .augment = true}));
}

BOOST_AUTO_TEST_CASE(a_move_depends_on_position_in_the_split_and_on_no_neighbour) {
  const ImageSet set = dots(100);
  const ImageSplit split(set, {.first = 10, .count = 90}, kShift1);
  const std::vector<Index> forwards{3, 8, 40};
  const std::vector<Index> backwards{40, 3, 8};
  const auto request = [](const std::vector<Index>& samples) {
    return GatherRequest{.samples = samples, .seed = 5, .epoch = 2, .augment = true};
  };
  const Gathered a = gather(split, request(forwards), 1, Layout::blocked);
  const Gathered b = gather(split, request(backwards), 1, Layout::whole);
  for (std::size_t f = 0; f < 25; ++f) {
    BOOST_TEST(a.at(f, 0) == b.at(f, 1));
    BOOST_TEST(a.at(f, 1) == b.at(f, 2));
    BOOST_TEST(a.at(f, 2) == b.at(f, 0));
  }
}

BOOST_AUTO_TEST_CASE(without_augmentation_or_shift_nothing_moves) {
  const ImageSet set = dots(60);
  const ImageSplit shifting(set, {.first = 0, .count = 60}, kShift1);
  const ImageSplit still(set, {.first = 0, .count = 60}, Preprocessing{});
  for (const auto& move : moves(shifting, {.samples = {}, .seed = 1}, 60)) {
    BOOST_TEST((move == std::pair(0, 0)));
  }
  const GatherRequest augmenting{.samples = {}, .seed = 1, .epoch = 0, .augment = true};
  for (const auto& move : moves(still, augmenting, 60)) BOOST_TEST((move == std::pair(0, 0)));
}

BOOST_AUTO_TEST_CASE(what_comes_from_outside_is_normalised_black) {
  // All pixels white, so that black comes from outside only: after a move by (dy, dx) of a 5x5
  // image exactly 25 - (5 - |dy|)(5 - |dx|) pixels are black, at the sides it moved away from.
  const ImageSet set({.name = "white",
                      .origin = "made",
                      .sample_shape = {1, 5, 5},
                      .pixels = Bytes(25 * 200, 255),
                      .labels = Bytes(200),
                      .classes = 10});
  const ImageSplit split(set, {.first = 0, .count = 200},
                         {.mean = {0.5}, .standard_deviation = {0.5}, .shift = 4});
  std::map<int, int> black_counts;
  for (Index i = 0; i < 200; ++i) {
    const std::vector<Index> sample{i};
    const Gathered got =
        gather(split, {.samples = sample, .seed = 3, .augment = true}, 1, Layout::whole);
    int black = 0;
    for (std::size_t f = 0; f < 25; ++f) {
      const float value = got.at(f, 0);
      const float white = std::fma(255.0F, static_cast<float>(1 / (255 * 0.5)), -1.0F);
      BOOST_TEST((value == -1.0F || value == white));
      black += value == -1.0F ? 1 : 0;
    }
    ++black_counts[black];
  }
  BOOST_TEST(black_counts.contains(0));   // (0, 0)
  BOOST_TEST(black_counts.contains(24));  // (4, 4)
  for (const auto& [black, count] : black_counts) {
    bool possible = false;
    for (int dy = 0; dy <= 4; ++dy) {
      for (int dx = 0; dx <= 4; ++dx) possible |= black == 25 - (5 - dy) * (5 - dx);
    }
    BOOST_TEST(possible);
  }
}

BOOST_AUTO_TEST_CASE(large_images_move_as_small_ones_do) {
  // The same numbers as bytes and as floats: floats are moved one by one. Planes that are moved in
  // one piece, in several, and rows that are longer than a piece.
  for (const Shape& shape : {Shape{2, 7, 9}, Shape{2, 70, 80}, Shape{1, 3, 5000}}) {
    constexpr std::size_t kCount = 20;
    const Bytes bytes = counting(kCount * static_cast<std::size_t>(shape.size()));
    const ImageSet of_bytes({.name = "bytes",
                             .origin = "made",
                             .sample_shape = shape,
                             .pixels = bytes,
                             .labels = Bytes(kCount),
                             .classes = 10});
    const ImageSet of_floats({.name = "floats",
                              .origin = "made",
                              .sample_shape = shape,
                              .pixels = std::vector<float>(bytes.begin(), bytes.end()),
                              .labels = Bytes(kCount),
                              .classes = 10});
    const ImageSplit left(of_bytes, {.first = 0, .count = kCount},
                          {.standard_deviation = {0.5}, .shift = 2});
    const ImageSplit right(of_floats, {.first = 0, .count = kCount},
                           {.standard_deviation = {127.5}, .shift = 2});
    std::vector<Index> samples(32);
    for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<Index>(i % kCount);
    for (const bool augment : {true, false}) {
      const GatherRequest request{.samples = samples, .seed = 7, .epoch = 3, .augment = augment};
      for (const Layout layout : {Layout::blocked, Layout::whole}) {
        BOOST_TEST(
            (gather(left, request, 2, layout).values == gather(right, request, 2, layout).values));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_do_not_fit_the_images_are_refused) {
  const Shape shape{2, 3, 4};
  const auto message = [&](const Preprocessing& preprocessing) {
    return error_of(ErrorKind::usage, [&] { check_preprocessing(preprocessing, shape); });
  };
  BOOST_TEST(contains(message({.mean = {0, 0, 0}}), "data.normalize.mean"));
  BOOST_TEST(contains(message({.standard_deviation = {}}), "data.normalize.std"));
  BOOST_TEST(contains(message({.standard_deviation = {0}}), "above 0"));
  BOOST_TEST(contains(message({.standard_deviation = {1, std::nan("")}}), "above 0"));
  BOOST_TEST(contains(message({.mean = {std::nan("")}}), "finite"));
  BOOST_TEST(contains(message({.shift = 3}), "0 to 2"));
  BOOST_TEST(contains(message({.shift = -1}), "data.augment.shift"));
  BOOST_CHECK_NO_THROW(check_preprocessing({.shift = 2}, shape));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
