#include "data/catalogue.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

/// Floats are taken as they are. Values from 0 to 255 would train, but hardly learn.
std::string warning_about_range(const ImageSet& images) {
  constexpr float kLow = -0.5F;
  constexpr float kHigh = 1.5F;
  if (images.size() == 0 || images.has_bytes()) return {};
  const auto [low, high] = std::minmax_element(images.floats().begin(), images.floats().end());
  if (*low >= kLow && *high <= kHigh) return {};
  return fmt::format(
      "the images of {} are float32 from {} to {}, expected about 0 to 1; they are "
      "taken as they are, so divide them by 255 or set data.normalize.",
      images.origin(), *low, *high);
}

/// Gives both parts the class count of the richer one, and checks that their shapes agree.
LoadedData agreed(LoadedData data) {
  if (data.train.size() == 0 || data.test.size() == 0) return data;
  if (data.train.sample_shape() != data.test.sample_shape()) {
    throw Error(errors::kDamagedData,
                fmt::format("{}: expected training and test images of one size, found {} and {}; "
                            "the files do not belong together.",
                            data.origin, data.train.sample_shape().to_string(),
                            data.test.sample_shape().to_string()));
  }
  const Index classes = std::max(data.train.classes(), data.test.classes());
  data.train = std::move(data.train).with_classes(classes);
  data.test = std::move(data.test).with_classes(classes);
  return data;
}

/// Formats by name.
class Catalogue {
 public:
  const std::vector<DataFormat>& all() const { return formats_; }

  const DataFormat* find(std::string_view name) const {
    const auto found = std::find_if(formats_.begin(), formats_.end(),
                                    [&](const DataFormat& format) { return format.name == name; });
    return found == formats_.end() ? nullptr : &*found;
  }

  const DataFormat& named(std::string_view name) const {
    if (const DataFormat* const format = find(name)) return *format;
    throw SettingError(errors::kUnknownData, "data.dataset",
                       fmt::format("data.dataset: expected one of {}, found '{}'{}",
                                   fmt::join(dataset_names(), ", "), name, dataset_advice(name)));
  }

 private:
  std::vector<DataFormat> formats_ = all_data_formats();
};

/// The search for the first data set that is present, with a record of where it looked.
class Search {
 public:
  Search(const DataRequest& request, const Catalogue& catalogue)
      : request_(request), catalogue_(catalogue) {}

  std::optional<LoadedData> open(const std::string& name) {
    const DataFormat& format = catalogue_.named(name);
    const auto reader = make_data_reader(format, request_.source.settings.find(name));
    for (const std::filesystem::path& path : paths_of(format)) {
      if (auto data = open_at({path, request_.parts}, format, *reader)) return data;
    }
    return std::nullopt;
  }

  [[noreturn]] void fail() const {
    throw SettingError(errors::kDataMissing, "data.dataset",
                       fmt::format("data.dataset: expected {}, found none; looked at {}. {}",
                                   fmt::join(request_.source.names, " or "),
                                   fmt::join(looked_at_, "; "), advice()));
  }

 private:
  const DataRequest& request_;
  const Catalogue& catalogue_;
  std::vector<std::string> looked_at_;
  bool has_other_part_ = false;  // somewhere only the part that is not wanted was found

  std::vector<std::filesystem::path> paths_of(const DataFormat& format) const {
    if (format.home == DataHome::nowhere) return {{}};
    if (format.home == DataHome::path) return {request_.source.path};
    const DataPlaces& places = request_.places;
    std::vector<std::filesystem::path> paths;
    for (const auto& place : {places.chosen, places.source, places.installed}) {
      if (!place.empty()) paths.push_back(place / format.name);
    }
    std::string package(format.name);  // Debian writes "-" for "_"
    std::replace(package.begin(), package.end(), '_', '-');
    if (!places.packages.empty()) paths.push_back(places.packages / package);
    return paths;
  }

  std::optional<LoadedData> open_at(const DataPlace& place, const DataFormat& format,
                                    const DataReader& reader) {
    const std::string train = reader.lack_of(DataPart::train, place);
    const std::string test = reader.lack_of(DataPart::test, place);
    const bool needs_test = format.home == DataHome::named || place.parts == DataParts::test;
    const bool lacks_train = wants_train(place.parts) && !train.empty();
    const bool lacks_test = wants_test(place.parts) && !test.empty() && needs_test;
    if (lacks_train || lacks_test) {
      has_other_part_ = has_other_part_ || train.empty() || test.empty();
      looked_at_.push_back(fmt::format("{} ({})", place.path.string(), lacks_train ? train : test));
      return std::nullopt;
    }
    const bool is_drawn = format.home == DataHome::nowhere;
    LoadedData data{.name = std::string(format.name),
                    .origin = is_drawn ? "drawn" : place.path.string()};
    if (wants_train(place.parts)) data.train = reader.read(DataPart::train, place);
    if (wants_test(place.parts) && test.empty()) data.test = reader.read(DataPart::test, place);
    data.warning = warning_about_range(data.any());
    return agreed(std::move(data));
  }

  std::string advice() const {
    std::vector<std::string> ways;
    bool is_named = false;
    for (const std::string& name : request_.source.names) {
      const DataFormat& format = catalogue_.named(name);
      if (!format.advice.empty()) ways.emplace_back(format.advice);
      is_named = is_named || format.home == DataHome::named;
    }
    if (is_named)
      ways.emplace_back("set LOCKSTEP_DATA to the folder that holds the data set's folder");
    if (has_other_part_) {
      ways.emplace_back(request_.parts == DataParts::test
                            ? "add what is missing, or take the training part with --split train"
                            : "add what is missing");
    }
    if (ways.empty()) ways.emplace_back("give data.path, where the files are");
    return fmt::format("To get it, {}.", fmt::join(ways, ", or "));
  }
};

void check_path(const DataSource& source, const DataFormat& format) {
  if (format.home != DataHome::path || !source.path.empty()) return;
  throw SettingError(
      errors::kMissingKey, "data.path",
      fmt::format("data.path: expected the place of the {} files, found nothing; set it.",
                  format.name));
}

// If several formats recognise the path, the first in the alphabet is taken.
const DataFormat* format_at(const Catalogue& catalogue, const std::filesystem::path& path) {
  for (const DataFormat& format : catalogue.all()) {
    const bool fits = format.home == DataHome::path;
    if (fits && make_data_reader(format, nullptr)->recognises(path)) return &format;
  }
  return nullptr;
}

std::string what_is_at(const Catalogue& catalogue, const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return fmt::format("'{}', which is none of them{}", path.string(),
                       dataset_advice(path.string()));
  }
  if (!std::filesystem::is_directory(path, ignored)) {
    return fmt::format(
        "the file '{}', which is not HDF5; for other files give the folder they are in.",
        path.string());
  }
  std::vector<std::string> lacks;
  for (const DataFormat& format : catalogue.all()) {
    if (format.home != DataHome::path) continue;
    const auto reader = make_data_reader(format, nullptr);
    lacks.push_back(
        fmt::format("{}: {}", format.name, reader->lack_of(DataPart::train, {.path = path})));
  }
  return fmt::format("the folder '{}', which has no data set ({}); give the folder they are in.",
                     path.string(), fmt::join(lacks, "; "));
}

// A word that looks like a path means missing data. Anything else is a misspelt name.
[[noreturn]] void refuse_source(const Catalogue& catalogue, const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_path =
      std::filesystem::exists(path, ignored) || path.has_parent_path() || path.has_extension();
  throw Error(is_path ? errors::kDataMissing : errors::kUnknownData,
              fmt::format("--data: expected one of {}, a folder or an HDF5 file, found {}",
                          fmt::join(dataset_names(), ", "), what_is_at(catalogue, path)));
}

}  // namespace

DataPlaces usual_places(std::string_view lockstep_data, const BuildInfo& build) {
  return {.chosen = lockstep_data,
          .source = std::filesystem::path(build.source_directory) / "data",
          .installed = std::filesystem::path(build.share_directory) / "data"};
}

std::vector<std::string_view> dataset_names() {
  std::vector<std::string_view> names;
  for (const DataFormat& format : all_data_formats()) names.push_back(format.name);
  return names;
}

std::string dataset_advice(std::string_view unknown) {
  const std::string question = did_you_mean(unknown, dataset_names());
  return question.empty() ? "; name one of these." : question;
}

bool serves_alone(std::string_view dataset) {
  const Catalogue catalogue;
  const DataFormat* const format = catalogue.find(dataset);
  return format != nullptr && format->serves_alone;
}

DataSource data_source_for(const std::string& name_or_path) {
  const Catalogue catalogue;
  if (catalogue.find(name_or_path) != nullptr) return {.names = {name_or_path}};
  const DataFormat* const format = format_at(catalogue, name_or_path);
  if (format == nullptr) refuse_source(catalogue, name_or_path);
  return {.names = {std::string(format->name)}, .path = name_or_path};
}

LoadedData open_dataset(const DataRequest& request) {
  const Catalogue catalogue;
  const DataSource& source = request.source;
  for (const std::string& name : source.names) check_path(source, catalogue.named(name));
  Search search(request, catalogue);
  for (const std::string& name : source.names) {
    if (auto data = search.open(name)) return *std::move(data);
  }
  search.fail();
}

DataSplits split_data(const LoadedData& data, const SplitRequest& request) {
  DataSplits splits;
  const Index total = data.train.size();
  if (total > 0) {
    if (request.validation < 0 || request.validation >= total) {
      throw SettingError(
          errors::kDataSetting, "data.validation",
          fmt::format("data.validation: expected 0 to {}, since {} has {} training samples, "
                      "found {}; leave some to train on.",
                      total - 1, data.name, total, request.validation));
    }
    const ImageSplit::Range front{.first = 0, .count = request.validation};
    const ImageSplit::Range rest{.first = request.validation, .count = total - request.validation};
    if (front.count > 0) splits.validation.emplace(data.train, front, request.preprocessing);
    splits.train.emplace(data.train, rest, request.preprocessing);
  }
  if (data.test.size() > 0) {
    const ImageSplit::Range whole{.first = 0, .count = data.test.size()};
    splits.test.emplace(data.test, whole, request.preprocessing);
  }
  return splits;
}

}  // namespace lockstep
