#include "data/section.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/augmentations/augmentation.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

constexpr SettingsReader::Bounds kSamples{0, 1e12};
constexpr SettingsReader::Bounds kDeviation{1e-30, 1e6};  // 1 / (255 std) must be a normal float

/// The formats of the names that the section lists.
class NamedFormats {
 public:
  explicit NamedFormats(SettingsReader& reader) {
    const Value& value = reader.value("dataset", expected());
    if (value.kind != Value::Kind::sequence) {
      add(reader, value);
    } else if (value.items.empty()) {
      throw reader.error_at("dataset", "is an empty list; name at least one data set");
    }
    for (const Value& item : value.items) add(reader, item);
  }

  const std::vector<DataFormat>& all() const { return all_; }
  const std::vector<const DataFormat*>& listed() const { return listed_; }

  bool lists(const DataFormat& format) const {
    return std::find(listed_.begin(), listed_.end(), &format) != listed_.end();
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const DataFormat* const format : listed_) names.emplace_back(format->name);
    return names;
  }

  Index default_validation() const {
    return (*std::min_element(listed_.begin(), listed_.end(),
                              [](const DataFormat* a, const DataFormat* b) {
                                return a->validation < b->validation;
                              }))
        ->validation;
  }

 private:
  std::vector<DataFormat> all_ = all_data_formats();
  std::vector<const DataFormat*> listed_;

  static std::string expected() {
    return fmt::format("one of {}, or a list of them", fmt::join(dataset_names(), ", "));
  }

  void add(const SettingsReader& reader, const Value& item) {
    const std::string key = item.location.prefix() + reader.path_of("dataset");
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const DataFormat& format) {
      return item.is_text() && format.name == item.text;
    });
    if (found == all_.end()) {
      const std::string nearest = did_you_mean(item.text, dataset_names());
      throw Error(errors::kUnknownData,
                  fmt::format("{} must be {}, but is {}{}", key, expected(), item.describe(),
                              nearest.empty() ? "." : nearest));
    }
    if (lists(*found)) {
      throw Error(errors::kConflictingKeys,
                  fmt::format("{} names '{}' twice; the first that is present is taken, so remove "
                              "one of the two.",
                              key, found->name));
    }
    listed_.push_back(&*found);
  }
};

Value to_value(const std::vector<std::string>& names) {
  if (names.size() == 1) return Value::string(names.front());
  std::vector<Value> items;
  for (const std::string& name : names) items.push_back(Value::string(name));
  return Value::sequence(std::move(items));
}

std::filesystem::path read_path(SettingsReader& reader, const NamedFormats& formats) {
  reader.value_or_null("path");  // a known key, whether or not it is needed
  const std::filesystem::path path = reader.has("path") ? reader.text("path") : "";
  if (!path.empty()) return path;
  for (const DataFormat* const format : formats.listed()) {
    if (format->home != DataHome::path) continue;
    throw reader.error_at("path",
                          fmt::format("is missing; it says where the data set '{}' lies, "
                                      "relative to the experiment file",
                                      format->name),
                          errors::kMissingKey);
  }
  return {};
}

void read_normalize(SettingsReader& reader, Preprocessing& preprocessing) {
  preprocessing.mean = reader.reals_or("mean", {-1e6, 1e6}, preprocessing.mean);
  preprocessing.standard_deviation =
      reader.reals_or("std", kDeviation, preprocessing.standard_deviation);
}

// The keys that a format reads; if one of them must be given, those up to it.
std::vector<std::string> keys_of(const DataFormat& format) {
  if (format.section == SectionShown::never) return {};
  const Value nothing = Value::mapping();
  SettingsReader reader(nothing, std::string(format.name));
  try {
    format.create(reader);
  } catch (const Error&) {  // that a key is missing; it counts as asked for
  }
  return {reader.known().begin(), reader.known().end()};
}

bool contains(std::span<const std::string_view> keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

std::string where_in_data(std::string_view key) {
  constexpr std::string_view kKeys[] = {"dataset", "path", "validation", "normalize", "augment"};
  constexpr std::string_view kNormalize[] = {"mean", "std"};
  if (contains(kKeys, key)) return "under data:";
  if (contains(kNormalize, key)) return "under data: normalize:";
  for (const AugmentationType& type : all_augmentation_types()) {
    if (type.name == key) return "under data: augment:";
  }
  for (const DataFormat& format : all_data_formats()) {
    const std::vector<std::string> keys = keys_of(format);
    if (!keys.empty() && format.name == key) return "under data:";
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
    return fmt::format("under data: {}:", format.name);
  }
  return "";
}

DataSection read_data_section(const Value& section, SettingsReader::Elsewhere elsewhere) {
  SettingsReader reader(section, "data", elsewhere);
  const NamedFormats formats(reader);
  DataSection read;
  read.source.names = formats.names();
  read.source.path = read_path(reader, formats);
  read.validation = reader.integer_or("validation", kSamples, formats.default_validation());
  reader.section("normalize", [&](SettingsReader& inside) {
    read_normalize(inside, read.preprocessing);
    inside.finish();
  });
  reader.section("augment", [&](SettingsReader& inside) {
    make_augmentations(inside);
    inside.finish();
  });
  for (const DataFormat& format : formats.all()) {
    if (format.section == SectionShown::never) continue;
    const bool is_given = reader.value_or_null(format.name) != nullptr;
    const bool is_used = formats.lists(format);
    if (!is_given && !is_used && format.section != SectionShown::always) continue;
    reader.section(format.name, [&](SettingsReader& inside) {
      format.create(inside);
      inside.finish();
      if (is_used) read.source.settings.set(format.name, inside.consumed());
    });
  }
  reader.finish();
  read.settings = reader.consumed();
  read.settings.set("dataset", to_value(read.source.names));
  if (read.source.path.empty()) {
    std::erase_if(read.settings.entries,
                  [](const Value::Entry& entry) { return entry.key == "path"; });
  }
  read.preprocessing.augment = *read.settings.find("augment");
  return read;
}

}  // namespace lockstep
