#include "data/formats/synthetic_digits.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "tests/data/formats/test_files.hpp"

namespace lockstep {
namespace {

/// Squared distance of a sample from a mean image.
double distance(std::span<const std::uint8_t> sample, const std::vector<double>& mean) {
  double sum = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const double difference = sample[i] - mean[i];
    sum += difference * difference;
  }
  return sum;
}

/// Share of the test samples that lie nearest to their own class's mean training image.
double nearest_mean_accuracy(const ImageSet& train, const ImageSet& test) {
  std::array<std::vector<double>, 10> means;
  std::array<double, 10> counts{};
  for (auto& mean : means) mean.resize(784);
  for (std::size_t n = 0; n < train.labels().size(); ++n) {
    const std::uint8_t label = train.labels()[n];
    ++counts[label];
    for (std::size_t i = 0; i < 784; ++i) means[label][i] += train.bytes()[n * 784 + i];
  }
  for (std::size_t label = 0; label < 10; ++label) {
    for (double& value : means[label]) value /= counts[label];
  }
  double correct = 0;
  for (std::size_t n = 0; n < test.labels().size(); ++n) {
    const auto sample = test.bytes().subspan(n * 784, 784);
    std::size_t best = 0;
    for (std::size_t label = 1; label < 10; ++label) {
      if (distance(sample, means[label]) < distance(sample, means[best])) best = label;
    }
    correct += best == test.labels()[n] ? 1 : 0;
  }
  return correct / static_cast<double>(test.size());
}

BOOST_AUTO_TEST_SUITE(synthetic)

BOOST_AUTO_TEST_CASE(the_digits_are_the_same_bytes_on_every_machine) {
  const ImageSet train = synthetic_digits({.part = DataPart::train, .count = 1000});
  const ImageSet test = synthetic_digits({.part = DataPart::test, .count = 1000});
  BOOST_TEST((train.sample_shape() == Shape{1, 28, 28}));
  BOOST_TEST(train.classes() == 10);
  // Pinned: whoever changes the drawing changes every result obtained with it.
  BOOST_TEST(train.digest().hex() == "bc0ee347c774c618826bf3e265c63a36");
  BOOST_TEST(test.digest().hex() == "fec8d05c769e89545b94100707abc3e5");
}

BOOST_AUTO_TEST_CASE(larger_images_in_colour_are_the_same_bytes_on_every_machine_too) {
  const ImageSet set = synthetic_digits({.count = 100, .channels = 3, .side = 32});
  BOOST_TEST((set.sample_shape() == Shape{3, 32, 32}));
  BOOST_TEST(set.digest().hex() == "c800024571d285ff525b1820e47d16a9");
}

BOOST_AUTO_TEST_CASE(a_first_channel_is_the_image_without_colour) {
  const ImageSet grey = synthetic_digits({.count = 1});
  const ImageSet colour = synthetic_digits({.count = 1, .channels = 2});
  BOOST_TEST(colour.bytes().first(784) == grey.bytes(), boost::test_tools::per_element());
  BOOST_TEST(!std::ranges::equal(colour.bytes().subspan(784), grey.bytes()));
}

BOOST_AUTO_TEST_CASE(a_longer_set_begins_with_the_shorter_one) {
  const ImageSet longer = synthetic_digits({.count = 30});
  const ImageSet shorter = synthetic_digits({.count = 20});
  BOOST_TEST(longer.labels().first(20) == shorter.labels(), boost::test_tools::per_element());
  BOOST_TEST(longer.bytes().first(20 * 784) == shorter.bytes(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_class_is_about_as_frequent) {
  const ImageSet set = synthetic_digits({.count = 5000});
  std::array<int, 10> counts{};
  for (const std::uint8_t label : set.labels()) ++counts[label];
  // 500 are expected of each, with a standard deviation of 21; six of those are 127.
  for (const int count : counts) BOOST_TEST(std::abs(count - 500) < 127);
}

BOOST_AUTO_TEST_CASE(the_digits_can_be_told_apart_but_not_by_their_mean_images_alone) {
  const double accuracy =
      nearest_mean_accuracy(synthetic_digits({.part = DataPart::train, .count = 3000}),
                            synthetic_digits({.part = DataPart::test, .count = 1000}));
  // Chance is 0.1. The bounds say that there is something to learn, and something left to learn.
  BOOST_TEST(accuracy > 0.4);
  BOOST_TEST(accuracy < 0.9);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
