#include "data/images/resampler.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "data/images/image_split.hpp"
#include "tests/data/formats/test_files.hpp"
#include "tests/data/images/gathered.hpp"

namespace lockstep {
namespace {

using testing::gather;
using testing::Gathered;
using testing::Layout;

/// Moves every image by the same, and tells whether these are whole pixels or not.
class MadeUpMove final : public Augmentation {
 public:
  MadeUpMove(float down, float right, bool is_whole)
      : down_(down), right_(right), is_whole_(is_whole) {}

  RandomStream stream(std::uint64_t seed) const override { return {seed, {"augment", "move"}}; }
  std::size_t numbers(const Shape& /*shape*/) const override { return 2; }
  void draw(const SampleDraws& /*draws*/, const Shape& /*shape*/,
            std::span<float> numbers) const override {
    numbers[0] = down_;
    numbers[1] = right_;
  }
  std::optional<WholeMove> whole_move(std::span<const float> numbers) const override {
    if (!is_whole_) return std::nullopt;
    return WholeMove{static_cast<Index>(numbers[0]), static_cast<Index>(numbers[1])};
  }
  void source(std::span<const float> numbers, const ImagePoints& points) const override {
    for (float& y : points.y) y -= numbers[0];
    for (float& x : points.x) x -= numbers[1];
  }

 private:
  float down_;
  float right_;
  bool is_whole_;
};

/// Doubles coordinates, so that an image becomes half as large.
class Halving final : public Augmentation {
 public:
  RandomStream stream(std::uint64_t seed) const override { return {seed, {"augment", "half"}}; }
  std::size_t numbers(const Shape& /*shape*/) const override { return 0; }
  void draw(const SampleDraws& /*draws*/, const Shape& /*shape*/,
            std::span<float> /*numbers*/) const override {}
  void source(std::span<const float> /*numbers*/, const ImagePoints& points) const override {
    for (float& y : points.y) y *= 2;
    for (float& x : points.x) x *= 2;
  }
};

/// Adds a part of white.
class Brightening final : public Augmentation {
 public:
  explicit Brightening(float part) : part_(part) {}

  RandomStream stream(std::uint64_t seed) const override { return {seed, {"augment", "light"}}; }
  std::size_t numbers(const Shape& /*shape*/) const override { return 1; }
  void draw(const SampleDraws& /*draws*/, const Shape& /*shape*/,
            std::span<float> numbers) const override {
    numbers[0] = part_;
  }
  void shade(std::span<const float> numbers, float white, std::span<float> values) const override {
    for (float& value : values) value += numbers[0] * white;
  }

 private:
  float part_;
};

template <class... Each>
Augmentations all_of(Each... each) {
  Augmentations all;
  (all.push_back(std::make_unique<Each>(std::move(each))), ...);
  return all;
}

/// One image, whose pixels are given to the network as they are.
ImageSet image_of(const Shape& shape, Pixels pixels) {
  return ImageSet({.name = "one",
                   .origin = "made",
                   .sample_shape = shape,
                   .pixels = std::move(pixels),
                   .labels = {0},
                   .classes = 10});
}

std::vector<float> changed(const ImageSet& image, Augmentations augmentations) {
  const double deviation = image.has_bytes() ? 1 / 255.0 : 1;
  const ImageSplit split(image, {.first = 0, .count = 1}, {.standard_deviation = {deviation}},
                         std::move(augmentations));
  const std::vector<Index> sample{0};
  return gather(split, {.samples = sample, .augment = true}, 1, Layout::blocked).of_lane(0);
}

using Values = std::vector<float>;

BOOST_AUTO_TEST_SUITE(resampler)

BOOST_AUTO_TEST_CASE(values_between_pixels_lie_on_straight_lines_and_fall_to_black_outside) {
  const ImageSet image = image_of({1, 2, 3}, Bytes{0, 100, 40, 80, 20, 60});
  // Half a pixel to the right: each value is the mean of a pixel and the one on its left.
  BOOST_TEST((changed(image, all_of(MadeUpMove(0, 0.5F, false))) == Values{0, 50, 70, 40, 50, 40}));
  // A quarter down: three quarters of a pixel and one of that above.
  BOOST_TEST(
      (changed(image, all_of(MadeUpMove(0.25F, 0, false))) == Values{0, 75, 30, 60, 40, 55}));
  BOOST_TEST(
      (changed(image, all_of(MadeUpMove(-0.5F, -0.5F, false))) == Values{50, 55, 25, 25, 20, 15}));
}

BOOST_AUTO_TEST_CASE(points_far_outside_and_such_that_are_no_numbers_are_black) {
  const ImageSet image = image_of({1, 1, 2}, Bytes{255, 255});
  for (const float far : {1.0F, 1e30F, -1e30F, std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    BOOST_TEST((changed(image, all_of(MadeUpMove(far, 0, false))) == Values{0, 0}));
  }
}

BOOST_AUTO_TEST_CASE(a_move_by_whole_pixels_has_the_same_bits_interpolated_as_copied) {
  for (const Shape& shape : {Shape{2, 5, 6}, Shape{1, 3, 1500}, Shape{1, 90, 70}}) {
    const auto size = static_cast<std::size_t>(shape.size());
    Values floats(size);
    for (std::size_t i = 0; i < size; ++i) floats[i] = static_cast<float>(i) / 7.0F;
    for (const ImageSet& image : {image_of(shape, counting(size)), image_of(shape, floats)}) {
      for (const float down : {-2.0F, 0.0F, 1.0F, 100.0F}) {
        for (const float right : {-7.0F, -1.0F, 0.0F, 3.0F, 2000.0F}) {
          BOOST_TEST((changed(image, all_of(MadeUpMove(down, right, true))) ==
                      changed(image, all_of(MadeUpMove(down, right, false)))));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(augmentations_act_in_their_order_and_are_resampled_once) {
  const ImageSet image = image_of({1, 1, 6}, Bytes{10, 20, 30, 40, 50, 60});
  // Halved, then moved by one; moved by one, then halved.
  BOOST_TEST(
      (changed(image, all_of(Halving(), MadeUpMove(0, 1, true))) == Values{0, 10, 30, 50, 0, 0}));
  BOOST_TEST(
      (changed(image, all_of(MadeUpMove(0, 1, true), Halving())) == Values{0, 20, 40, 60, 0, 0}));
  // Resampled twice, these would be means of three.
  BOOST_TEST((changed(image, all_of(MadeUpMove(0, 0.5F, false), MadeUpMove(0, -0.5F, false))) ==
              Values{10, 20, 30, 40, 50, 60}));
}

BOOST_AUTO_TEST_CASE(whole_moves_add_up) {
  const ImageSet image = image_of({1, 2, 3}, Bytes{1, 2, 3, 4, 5, 6});
  BOOST_TEST((changed(image, all_of(MadeUpMove(1, 0, true), MadeUpMove(0, -1, true))) ==
              Values{0, 0, 0, 2, 3, 0}));
  BOOST_TEST((changed(image, all_of(MadeUpMove(0, 5, true), MadeUpMove(0, -5, true))) ==
              Values{1, 2, 3, 4, 5, 6}));
}

BOOST_AUTO_TEST_CASE(shading_knows_the_white_of_bytes_and_of_floats) {
  BOOST_TEST(
      (changed(image_of({1, 1, 2}, Bytes{0, 51}), all_of(Brightening(0.2F))) == Values{51, 102}));
  BOOST_TEST((changed(image_of({1, 1, 2}, Values{0, 0.5F}), all_of(Brightening(0.25F))) ==
              Values{0.25F, 0.75F}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
