#include <fmt/format.h>

#include <algorithm>

#include "data/augmentations/augmentation.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

/// Moves an image down and to the right by whole pixels, each uniform in [-most, most].
class Shift final : public Augmentation {
 public:
  explicit Shift(Index most) : most_(most) {}

  void check(const Shape& shape) const override {
    const Index smallest = std::min(shape[1], shape[2]);
    if (most_ < smallest) return;
    throw SettingError(
        errors::kDataSetting, "data.augment.shift",
        fmt::format("data.augment.shift: expected 0 to {} for images of {}, found {}; a "
                    "larger shift would move whole images out of sight.",
                    smallest - 1, shape.to_string(), most_));
  }

  // Has no name in it: this was the only augmentation when its bits were fixed.
  RandomStream stream(std::uint64_t seed) const override { return {seed, {"augment"}}; }

  std::size_t numbers(const Shape& /*shape*/) const override { return 2; }

  void draw(const SampleDraws& draws, const Shape& /*shape*/,
            std::span<float> numbers) const override {
    const RandomWords words = draws.words(0);
    numbers[0] = between(words[0], words[1]);
    numbers[1] = between(words[2], words[3]);
  }

  std::optional<WholeMove> whole_move(std::span<const float> numbers) const override {
    return WholeMove{.down = static_cast<Index>(numbers[0]),
                     .right = static_cast<Index>(numbers[1])};
  }

  void source(std::span<const float> numbers, const ImagePoints& points) const override {
    for (float& y : points.y) y -= numbers[0];
    for (float& x : points.x) x -= numbers[1];
  }

 private:
  Index most_;  // pixels

  float between(std::uint32_t high, std::uint32_t low) const {
    const auto choices = static_cast<std::uint64_t>(2 * most_ + 1);
    return static_cast<float>(static_cast<Index>(bounded(high, low, choices)) - most_);
  }
};

std::unique_ptr<const Augmentation> create(SettingsReader& settings) {
  const Index most = settings.integer_or("shift", {.low = 0, .high = 1024}, 0);
  return most == 0 ? nullptr : std::make_unique<Shift>(most);
}

}  // namespace

AugmentationType shift_augmentation_type() {
  return {
      .name = "shift",
      .summary = "largest move of a training image along each axis, in pixels",
      .off = "0",
      .always_shown = true,
      .create = create,
      .examples = {{.setting = "1", .shape = {1, 28, 28}},
                   {.setting = "2", .shape = {3, 3, 7}},
                   {.setting = "4", .shape = {2, 90, 50}},
                   {.setting = "3", .shape = {1, 4, 5000}}},
      .refused = {{.setting = "-1", .shape = {1, 28, 28}},
                  {.setting = "1.5", .shape = {1, 28, 28}},
                  {.setting = "1025", .shape = {1, 2000, 2000}},
                  {.setting = "28", .shape = {1, 28, 28}},
                  {.setting = "3", .shape = {1, 28, 3}}},
  };
}

}  // namespace lockstep
