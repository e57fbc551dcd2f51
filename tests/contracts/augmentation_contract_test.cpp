// What every augmentation must keep to, tried on all examples of every registered one. A new
// augmentation is covered at once.

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "data/images/image_split.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/error.hpp"
#include "tests/data/images/gathered.hpp"

namespace lockstep {
namespace {

using testing::gather;
using testing::Layout;

constexpr std::size_t kSamples = 4 * kLanes;
/// Of values 0 to 1: bytes are divided by 255 after they were interpolated, floats before.
constexpr float kTolerance = 1e-5F;

/// One example of one augmentation.
struct TriedAugmentation {
  const AugmentationType& type;
  const AugmentationExample& example;

  Value settings() const { return of(example.setting); }
  Value of(std::string_view setting) const {
    Value settings = Value::mapping();
    settings.set(type.name, read_yaml_override(setting, "example"));
    return settings;
  }
  Augmentations make() const { return make_augmentations(settings()); }
};

void for_each_augmentation(std::vector<AugmentationExample> AugmentationType::*examples,
                           const std::function<void(const TriedAugmentation&)>& check) {
  for (const AugmentationType& type : all_augmentation_types()) {
    for (const AugmentationExample& example : type.*examples) {
      BOOST_TEST_CONTEXT(type.name << ": " << example.setting << " on "
                                   << example.shape.to_string()) {
        check({type, example});
      }
    }
  }
}

void for_each_augmentation_example(const std::function<void(const TriedAugmentation&)>& check) {
  for_each_augmentation(&AugmentationType::examples, check);
}

/// The same image many times, of which no two rows or columns are alike.
ImageSet equal_images(const Shape& shape, bool as_floats) {
  const auto size = static_cast<std::size_t>(shape.size());
  std::vector<std::uint8_t> bytes(size * kSamples);
  std::vector<float> floats(size * kSamples);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(1 + (i % size) * 89 % 251);
    floats[i] = static_cast<float>(bytes[i]) / 255.0F;
  }
  return ImageSet({.name = "equal",
                   .origin = "made",
                   .sample_shape = shape,
                   .pixels = as_floats ? Pixels(floats) : Pixels(bytes),
                   .labels = std::vector<std::uint8_t>(kSamples),
                   .classes = 10});
}

struct Key {
  std::uint64_t seed = 1;
  std::uint32_t epoch = 0;
  bool backwards = false;
  bool augment = true;
};

/// All samples after augmentation, in the order of the data set.
std::vector<std::vector<float>> pictures(const ImageSet& images, const Value& settings,
                                         const Key& key = {}) {
  const ImageSplit split(images, {.first = 0, .count = images.size()}, {.augment = settings});
  std::vector<Index> samples(kSamples);
  for (std::size_t i = 0; i < kSamples; ++i) samples[i] = static_cast<Index>(i);
  if (key.backwards) std::reverse(samples.begin(), samples.end());
  const auto got = gather(
      split, {.samples = samples, .seed = key.seed, .epoch = key.epoch, .augment = key.augment},
      kSamples / kLanes, Layout::whole);
  std::vector<std::vector<float>> found(kSamples);
  for (std::size_t lane = 0; lane < kSamples; ++lane) {
    found[static_cast<std::size_t>(samples[lane])] = got.of_lane(lane);
  }
  return found;
}

BOOST_AUTO_TEST_SUITE(augmentation_contract)

BOOST_AUTO_TEST_CASE(every_augmentation_has_examples_settings_that_are_refused_and_a_sentence) {
  for (const AugmentationType& type : all_augmentation_types()) {
    BOOST_TEST_CONTEXT(type.name) {
      BOOST_TEST(!type.examples.empty());
      BOOST_TEST(!type.refused.empty());
      BOOST_TEST(!type.summary.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(it_reads_the_key_of_its_name_alone_and_reads_what_it_read_as_the_same) {
  for_each_augmentation_example([](const TriedAugmentation& tried) {
    const Value settings = tried.settings();
    SettingsReader reader(settings, "data.augment");
    BOOST_TEST((tried.type.create(reader) != nullptr));
    reader.finish();
    BOOST_REQUIRE_EQUAL(reader.consumed().entries.size(), 1U);
    BOOST_TEST(reader.consumed().entries.front().key == tried.type.name);
    SettingsReader again(reader.consumed(), "data.augment");
    tried.type.create(again);
    BOOST_TEST((again.consumed() == reader.consumed()));
  });
}

BOOST_AUTO_TEST_CASE(where_it_is_off_pictures_stay_as_they_are) {
  for_each_augmentation_example([](const TriedAugmentation& tried) {
    const ImageSet images = equal_images(tried.example.shape, false);
    const auto still = pictures(images, Value::mapping());
    BOOST_TEST((pictures(images, tried.of(tried.type.off)) == still));
    BOOST_TEST((pictures(images, tried.settings(), {.augment = false}) == still));
  });
}

BOOST_AUTO_TEST_CASE(the_same_key_gives_the_same_picture_wherever_and_beside_whatever_it_is_made) {
  for_each_augmentation_example([](const TriedAugmentation& tried) {
    const ImageSet images = equal_images(tried.example.shape, false);
    const auto first = pictures(images, tried.settings());
    BOOST_TEST((pictures(images, tried.settings()) == first));
    BOOST_TEST((pictures(images, tried.settings(), {.backwards = true}) == first));
  });
}

BOOST_AUTO_TEST_CASE(other_seeds_epochs_and_samples_give_other_pictures) {
  for_each_augmentation_example([](const TriedAugmentation& tried) {
    const ImageSet images = equal_images(tried.example.shape, false);
    const auto first = pictures(images, tried.settings());
    BOOST_TEST((pictures(images, tried.settings(), {.seed = 2}) != first));
    BOOST_TEST((pictures(images, tried.settings(), {.epoch = 1}) != first));
    BOOST_TEST(std::set(first.begin(), first.end()).size() > 1U);
  });
}

BOOST_AUTO_TEST_CASE(bytes_and_floats_of_the_same_picture_become_the_same) {
  for_each_augmentation_example([](const TriedAugmentation& tried) {
    const auto bytes = pictures(equal_images(tried.example.shape, false), tried.settings());
    const auto floats = pictures(equal_images(tried.example.shape, true), tried.settings());
    float largest = 0;
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      for (std::size_t i = 0; i < bytes[n].size(); ++i) {
        largest = std::max(largest, std::abs(bytes[n][i] - floats[n][i]));
      }
    }
    BOOST_TEST(largest < kTolerance);
  });
}

BOOST_AUTO_TEST_CASE(values_stay_between_black_and_white) {
  for_each_augmentation_example([](const TriedAugmentation& tried) {
    for (const auto& picture :
         pictures(equal_images(tried.example.shape, false), tried.settings())) {
      const bool fits = std::all_of(picture.begin(), picture.end(), [](float value) {
        return value >= -kTolerance && value <= 1 + kTolerance;
      });
      BOOST_TEST(fits);
    }
  });
}

BOOST_AUTO_TEST_CASE(a_draw_sets_all_its_numbers_and_a_whole_move_is_what_source_does) {
  for_each_augmentation_example([](const TriedAugmentation& tried) {
    const Augmentations made = tried.make();
    BOOST_REQUIRE_EQUAL(made.size(), 1U);
    const Augmentation& augmentation = *made.front();
    const RandomStream stream = augmentation.stream(1);
    for (Index position = 0; position < 50; ++position) {
      std::vector<float> numbers(augmentation.numbers(tried.example.shape),
                                 std::numeric_limits<float>::quiet_NaN());
      augmentation.draw({stream, position, 0}, tried.example.shape, numbers);
      for (const float number : numbers) BOOST_TEST(!std::isnan(number));
      const auto move = augmentation.whole_move(numbers);
      if (!move) continue;
      std::array<float, 2> y{0, 7};
      std::array<float, 2> x{3, 100};
      augmentation.source(numbers, {.y = y, .x = x});
      BOOST_TEST(y[0] == static_cast<float>(0 - move->down));
      BOOST_TEST(y[1] == static_cast<float>(7 - move->down));
      BOOST_TEST(x[0] == static_cast<float>(3 - move->right));
      BOOST_TEST(x[1] == static_cast<float>(100 - move->right));
    }
  });
}

BOOST_AUTO_TEST_CASE(all_augmentations_together_have_room_and_no_two_share_a_stream) {
  std::set<std::array<std::uint32_t, 2>> keys;
  std::size_t numbers = 0;
  for (const AugmentationType& type : all_augmentation_types()) {
    const TriedAugmentation tried{type, type.examples.front()};
    const Augmentations made = tried.make();
    BOOST_TEST(keys.insert(made.at(0)->stream(1).key()).second, type.name);
    numbers += made.at(0)->numbers(Shape{3, 224, 224});
  }
  BOOST_TEST(numbers > 0U);
  BOOST_TEST(numbers <= Augmentation::kMostNumbers);
}

BOOST_AUTO_TEST_CASE(settings_and_shapes_that_must_be_refused_give_a_usage_error_in_a_sentence) {
  for_each_augmentation(&AugmentationType::refused, [](const TriedAugmentation& tried) {
    std::string message;
    try {
      for (const auto& augmentation : tried.make()) augmentation->check(tried.example.shape);
    } catch (const Error& error) {
      BOOST_TEST((error.kind() == ErrorKind::usage));
      message = error.what();
    }
    BOOST_TEST_INFO("message: " << message);
    BOOST_TEST(message.find("data.augment." + std::string(tried.type.name)) != std::string::npos);
    BOOST_TEST(message.ends_with('.'));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
