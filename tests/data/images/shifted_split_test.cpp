// Splits whose images are shifted.

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "data/images/image_split.hpp"
#include "framework/core/random.hpp"
#include "tests/data/formats/test_files.hpp"
#include "tests/data/images/gathered.hpp"

namespace lockstep {
namespace {

using testing::gather;
using testing::Gathered;
using testing::Layout;

Value shift(Index most) { return Value::mapping({{"shift", Value::integer(most), {}}}); }

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

const Preprocessing kShift1{.mean = {0.0}, .standard_deviation = {1.0}, .augment = shift(1)};

BOOST_AUTO_TEST_SUITE(shifted_split)

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
                         {.mean = {0.5}, .standard_deviation = {0.5}, .augment = shift(4)});
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

/// The stated draw of a sample's move, which decides bits: (down, right).
std::pair<Index, Index> drawn_move(const GatherRequest& request, Index position, Index most) {
  const RandomStream stream(request.seed, {"augment"});
  const RandomWords words = stream.words(0, static_cast<std::uint32_t>(position), 0, request.epoch);
  const auto choices = static_cast<std::uint64_t>(2 * most + 1);
  return {static_cast<Index>(bounded(words[0], words[1], choices)) - most,
          static_cast<Index>(bounded(words[2], words[3], choices)) - most};
}

/// An image (C, H, W) after a move, pixel by pixel, normalised by `factor`.
std::vector<float> moved(std::span<const std::uint8_t> image, const Shape& shape,
                         std::pair<Index, Index> move, float factor) {
  std::vector<float> result;
  for (Index c = 0; c < shape[0]; ++c) {
    for (Index y = 0; y < shape[1]; ++y) {
      for (Index x = 0; x < shape[2]; ++x) {
        const Index from_y = y - move.first;
        const Index from_x = x - move.second;
        const bool inside = from_y >= 0 && from_y < shape[1] && from_x >= 0 && from_x < shape[2];
        const auto from = static_cast<std::size_t>((c * shape[1] + from_y) * shape[2] + from_x);
        result.push_back(inside ? static_cast<float>(image[from]) * factor : 0.0F);
      }
    }
  }
  return result;
}

BOOST_AUTO_TEST_CASE(images_of_all_sizes_move_as_drawn_bytes_as_well_as_floats) {
  // Planes that are moved in one piece, in several, and rows that are longer than a piece.
  for (const Shape& shape : {Shape{2, 7, 9}, Shape{2, 70, 80}, Shape{1, 3, 5000}}) {
    constexpr std::size_t kCount = 20;
    const auto size = static_cast<std::size_t>(shape.size());
    const Bytes bytes = counting(kCount * size);
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
                          {.standard_deviation = {0.5}, .augment = shift(2)});
    const ImageSplit right(of_floats, {.first = 0, .count = kCount},
                           {.standard_deviation = {127.5}, .augment = shift(2)});
    std::vector<Index> samples(32);
    for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<Index>(i % kCount);
    for (const bool augment : {true, false}) {
      const GatherRequest request{.samples = samples, .seed = 7, .epoch = 3, .augment = augment};
      const Gathered got = gather(left, request, 2, Layout::blocked);
      for (std::size_t lane = 0; lane < samples.size(); ++lane) {
        const auto move =
            augment ? drawn_move(request, samples[lane], 2) : std::pair<Index, Index>();
        const auto image =
            std::span(bytes).subspan(static_cast<std::size_t>(samples[lane]) * size, size);
        BOOST_TEST((got.of_lane(lane) == moved(image, shape, move, 1.0F / 127.5F)));
      }
      BOOST_TEST((gather(left, request, 2, Layout::whole).values == got.values));
      BOOST_TEST((gather(right, request, 2, Layout::blocked).values == got.values));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
