#include "data/catalogue.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "data/formats/hdf5_images.hpp"
#include "data/formats/idx.hpp"
#include "data/formats/idx_folder.hpp"
#include "data/formats/synthetic.hpp"
#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"

namespace lockstep {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"mnist", "fashion_mnist", "idx", "hdf5",
                                                    "synthetic"};
constexpr Index kDigits = 10;  // classes of mnist and fashion_mnist

/// The end of a sentence about an unknown name.
std::string guess(std::string_view name) {
  const std::string question = did_you_mean(name, kNames);
  return question.empty() ? "; name one of these." : question;
}

bool wants_train(const DataRequest& request) { return request.parts != DataParts::test; }
bool wants_test(const DataRequest& request) { return request.parts != DataParts::training; }

bool is_named_set(std::string_view name) { return name == "mnist" || name == "fashion_mnist"; }

/// Floats are taken as they are: those of 0 to 255 would train, but hardly learn.
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

/// Both parts have as many classes as the richer one, and the same shape.
LoadedData agreed(LoadedData data) {
  if (data.train.size() == 0 || data.test.size() == 0) return data;
  if (data.train.sample_shape() != data.test.sample_shape()) {
    throw Error(ErrorKind::data,
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

ImageSet read_pair(const IdxPair& pair, std::string_view name) {
  const std::optional<Index> classes = is_named_set(name) ? std::optional(kDigits) : std::nullopt;
  return read_idx_set({.name = std::string(name),
                       .images = pair.images,
                       .labels = pair.labels,
                       .classes = classes});
}

/// The search for the first data set that is present, and what was looked at on the way.
class Search {
 public:
  explicit Search(const DataRequest& request) : request_(request) {}

  std::optional<LoadedData> open(const std::string& name) {
    if (name == "synthetic") return draw();
    if (name == "idx") return open_folder(name, request_.path, Need::some);
    if (name == "hdf5") return open_hdf5();
    return open_named(name);
  }

  [[noreturn]] void fail() const {
    throw SettingError(
        ErrorKind::data, "data.dataset",
        fmt::format("data.dataset: expected {}, found none; looked at {}. {}",
                    fmt::join(request_.names, " or "), fmt::join(looked_at_, "; "), advice()));
  }

 private:
  /// Which of the parts that are wanted must be there.
  enum class Need { all, some };

  const DataRequest& request_;
  std::vector<std::string> looked_at_;
  bool has_other_part_ = false;  // somewhere there is only the part that is not wanted

  LoadedData draw() const {
    LoadedData data{.name = "synthetic", .origin = "drawn", .train = {}, .test = {}};
    const auto part = [&](SyntheticPart which, Index count) {
      return synthetic_digits({.part = which,
                               .count = count,
                               .channels = request_.synthetic_channels,
                               .side = request_.synthetic_side});
    };
    if (wants_train(request_)) data.train = part(SyntheticPart::train, request_.synthetic_train);
    if (wants_test(request_)) data.test = part(SyntheticPart::test, request_.synthetic_test);
    return data;
  }

  std::optional<LoadedData> open_folder(const std::string& name,
                                        const std::filesystem::path& folder, Need need) {
    const IdxFolder files = find_idx_files(folder);
    const bool train_lacks = wants_train(request_) && !files.train;
    const bool test_lacks = wants_test(request_) && !files.test &&
                            (need == Need::all || request_.parts == DataParts::test);
    if (train_lacks || test_lacks) {
      has_other_part_ = has_other_part_ || files.train || files.test;
      looked_at_.push_back(fmt::format("{} ({})", folder.string(),
                                       train_lacks ? files.train_note : files.test_note));
      return std::nullopt;
    }
    LoadedData data{.name = name, .origin = folder.string(), .train = {}, .test = {}};
    if (wants_train(request_)) data.train = read_pair(*files.train, name);
    if (wants_test(request_) && files.test) data.test = read_pair(*files.test, name);
    return agreed(std::move(data));
  }

  std::optional<LoadedData> open_named(const std::string& name) {
    const DataPlaces& places = request_.places;
    for (const auto& place : {places.chosen, places.source, places.installed}) {
      if (place.empty()) continue;
      if (auto data = open_folder(name, place / name, Need::all)) return data;
    }
    if (places.packages.empty()) return std::nullopt;
    std::string package = name;  // Debian writes "-" for "_"
    std::replace(package.begin(), package.end(), '_', '-');
    return open_folder(name, places.packages / package, Need::all);
  }

  std::optional<LoadedData> open_hdf5() {
    const Hdf5Parts parts = find_hdf5_parts(request_.path);
    const auto& test =
        parts.one_for_all && request_.parts == DataParts::test ? parts.train : parts.test;
    if ((wants_train(request_) && !parts.train) || (request_.parts == DataParts::test && !test)) {
      has_other_part_ = has_other_part_ || parts.train || parts.test;
      looked_at_.push_back(fmt::format("{} ({})", request_.path.string(), lack_of_hdf5()));
      return std::nullopt;
    }
    LoadedData data{.name = "hdf5", .origin = request_.path.string(), .train = {}, .test = {}};
    if (wants_train(request_)) data.train = read_hdf5_part(*parts.train);
    if (wants_test(request_) && test) data.test = read_hdf5_part(*test);
    data.warning = warning_about_range(data.any());
    return agreed(std::move(data));
  }

  std::string lack_of_hdf5() const {
    std::error_code ignored;
    if (!std::filesystem::exists(request_.path, ignored)) return "no such file or folder";
    if (std::filesystem::is_directory(request_.path, ignored)) {
      return fmt::format("no {}.h5", wants_train(request_) ? "train" : "test");
    }
    return fmt::format("no group /{}", wants_train(request_) ? "train" : "test");
  }

  bool asked_for(std::string_view name) const {
    return std::find(request_.names.begin(), request_.names.end(), name) != request_.names.end();
  }

  std::string advice() const {
    std::vector<std::string_view> ways;
    if (asked_for("mnist")) ways.emplace_back("run `bash data/fetch.sh mnist`");
    if (asked_for("fashion_mnist")) {
      ways.emplace_back(
          "run `apt-get install dataset-fashion-mnist` or `bash data/fetch.sh fashion_mnist`");
    }
    if (asked_for("mnist") || asked_for("fashion_mnist")) {
      ways.emplace_back("set LOCKSTEP_DATA to the folder that holds the data set's folder");
    }
    if (has_other_part_) {
      ways.emplace_back(request_.parts == DataParts::test
                            ? "add what is missing, or take the training part by --split train"
                            : "add what is missing");
    }
    if (ways.empty()) ways.emplace_back("give data.path, where the files are");
    return fmt::format("To have it, {}.", fmt::join(ways, ", or "));
  }
};

void check_name(const std::string& name) {
  if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) return;
  throw Error(ErrorKind::usage, fmt::format("data.dataset: expected one of {}, found '{}'{}",
                                            fmt::join(kNames, ", "), name, guess(name)));
}

void check_path(const DataRequest& request, std::string_view name) {
  if ((name != "idx" && name != "hdf5") || !request.path.empty()) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("data.path: expected the place of the {} files, found nothing; set it.", name));
}

}  // namespace

DataPlaces usual_places(std::string_view lockstep_data, const BuildInfo& build) {
  return {.chosen = lockstep_data,
          .source = std::filesystem::path(build.source_directory) / "data",
          .installed = std::filesystem::path(build.share_directory) / "data"};
}

std::span<const std::string_view> dataset_names() { return kNames; }

DataRequest data_request_for(const std::string& name_or_path) {
  DataRequest request;
  const std::filesystem::path path = name_or_path;
  std::error_code ignored;
  if (std::find(kNames.begin(), kNames.end(), name_or_path) != kNames.end()) {
    request.names = {name_or_path};
  } else if (std::filesystem::is_directory(path, ignored)) {
    const bool holds_hdf5 = std::filesystem::exists(path / "train.h5", ignored) ||
                            std::filesystem::exists(path / "test.h5", ignored);
    request.names = {holds_hdf5 ? "hdf5" : "idx"};
    request.path = path;
  } else if (std::filesystem::exists(path, ignored)) {
    if (!is_hdf5_file(path)) {
      throw Error(
          ErrorKind::data,
          fmt::format("--data: expected one of {}, a folder or an HDF5 file, found the file "
                      "'{}', which is not HDF5; for IDX files give the folder they are in.",
                      fmt::join(kNames, ", "), name_or_path));
    }
    request.names = {"hdf5"};
    request.path = path;
  } else {
    // What looks like a path is missing data; anything else is a misspelt name.
    const bool is_path = path.has_parent_path() || path.has_extension();
    throw Error(is_path ? ErrorKind::data : ErrorKind::usage,
                fmt::format("--data: expected one of {}, a folder or an HDF5 file, found '{}', "
                            "which is none of them{}",
                            fmt::join(kNames, ", "), name_or_path, guess(name_or_path)));
  }
  return request;
}

LoadedData open_dataset(const DataRequest& request) {
  for (const std::string& name : request.names) {
    check_name(name);
    check_path(request, name);
  }
  Search search(request);
  for (const std::string& name : request.names) {
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
          ErrorKind::usage, "data.validation",
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
