#include "data/augmentations/augmentation.hpp"

namespace lockstep {

Augmentations make_augmentations(SettingsReader& settings) {
  Augmentations made;
  for (const AugmentationType& type : all_augmentation_types()) {
    const bool is_given = settings.value_or_null(type.name) != nullptr;
    if (!is_given && !type.always_shown) continue;
    if (auto augmentation = type.create(settings)) made.push_back(std::move(augmentation));
  }
  return made;
}

Augmentations make_augmentations(const Value& settings) {
  SettingsReader reader(settings, "data.augment");
  Augmentations made = make_augmentations(reader);
  reader.finish();
  return made;
}

}  // namespace lockstep
