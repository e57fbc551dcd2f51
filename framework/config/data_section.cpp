#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "framework/config/experiment_sections.hpp"

namespace lockstep {
namespace {

constexpr std::array<std::string_view, 5> kDatasets = {"mnist", "fashion_mnist", "idx", "hdf5",
                                                       "synthetic"};
constexpr Index kMnistValidation = 5000;
constexpr SettingsReader::Bounds kSamples{0, 1e12};
constexpr SettingsReader::Bounds kAtLeastOneSample{1, 1e12};
constexpr SettingsReader::Bounds kDeviation{1e-30, 1e6};  // 1 / (255 std) must be a normal float

std::string dataset_name(const SettingsReader& reader, const Value& item) {
  if (item.is_text() &&
      std::find(kDatasets.begin(), kDatasets.end(), item.text) != kDatasets.end()) {
    return item.text;
  }
  const std::string nearest = did_you_mean(item.text, kDatasets);
  throw Error(
      ErrorKind::usage,
      fmt::format("{}{} must be one of {}, or a list of them, but is {}{}", item.location.prefix(),
                  reader.path_of("dataset"), fmt::join(kDatasets, ", "), item.describe(),
                  nearest.empty() ? "." : nearest));
}

std::vector<std::string> parse_datasets(SettingsReader& reader) {
  const Value& value = reader.value(
      "dataset", fmt::format("one of {}, or a list of them", fmt::join(kDatasets, ", ")));
  if (value.kind != Value::Kind::sequence) return {dataset_name(reader, value)};
  if (value.items.empty()) {
    throw reader.error_at("dataset", "is an empty list; name at least one data set");
  }
  std::vector<std::string> names;
  for (const Value& item : value.items) {
    names.push_back(dataset_name(reader, item));
    if (std::count(names.begin(), names.end(), names.back()) == 1) continue;
    throw Error(ErrorKind::usage,
                fmt::format("{}{} names '{}' twice; the first that is present is taken, so remove "
                            "one of the two.",
                            item.location.prefix(), reader.path_of("dataset"), names.back()));
  }
  return names;
}

bool is_like_mnist(const std::string& dataset) {
  return dataset == "mnist" || dataset == "fashion_mnist";
}

bool has_a_path(const std::string& dataset) { return dataset == "idx" || dataset == "hdf5"; }

std::filesystem::path parse_path(SettingsReader& reader, const DataConfig& data,
                                 const std::filesystem::path& folder) {
  const auto needs_it = std::find_if(data.datasets.begin(), data.datasets.end(), has_a_path);
  if (!reader.has("path")) {
    if (needs_it == data.datasets.end()) return {};
    throw reader.error_at("path", fmt::format("is missing; it says where the data set '{}' lies, "
                                              "relative to the experiment file",
                                              *needs_it));
  }
  const std::string text = reader.text("path");
  return text.empty() ? std::filesystem::path()
                      : std::filesystem::absolute(folder / text).lexically_normal();
}

NormalizeConfig parse_normalize(const Value* section) {
  if (section == nullptr) return {};
  SettingsReader reader(*section, "data.normalize");
  NormalizeConfig normalize;
  normalize.mean = reader.reals_or("mean", {-1e6, 1e6}, normalize.mean);
  normalize.std = reader.reals_or("std", kDeviation, normalize.std);
  reader.finish(where_it_belongs);
  return normalize;
}

AugmentConfig parse_augment(const Value* section) {
  if (section == nullptr) return {};
  SettingsReader reader(*section, "data.augment");
  const AugmentConfig augment{.shift = reader.integer_or("shift", {0, 1024}, 0)};
  reader.finish(where_it_belongs);
  return augment;
}

SyntheticConfig parse_synthetic(const Value* section) {
  if (section == nullptr) return {};
  SettingsReader reader(*section, "data.synthetic");
  SyntheticConfig synthetic;
  synthetic.train = reader.integer_or("train", kAtLeastOneSample, synthetic.train);
  synthetic.test = reader.integer_or("test", kAtLeastOneSample, synthetic.test);
  synthetic.channels = reader.integer_or("channels", {1, 1024}, synthetic.channels);
  synthetic.side = reader.integer_or("side", {8, 1024}, synthetic.side);
  reader.finish(where_it_belongs);
  return synthetic;
}

Value numbers_to_value(const std::vector<double>& numbers) {
  if (numbers.size() == 1) return Value::real(numbers.front());
  std::vector<Value> items;
  for (const double number : numbers) items.push_back(Value::real(number));
  return Value::sequence(std::move(items));
}

Value names_to_value(const std::vector<std::string>& names) {
  if (names.size() == 1) return Value::string(names.front());
  std::vector<Value> items;
  for (const std::string& name : names) items.push_back(Value::string(name));
  return Value::sequence(std::move(items));
}

}  // namespace

DataConfig parse_data(SettingsReader& document, const std::filesystem::path& folder) {
  SettingsReader reader(document.value("data", "a mapping such as {dataset: mnist}"), "data");
  DataConfig data;
  data.datasets = parse_datasets(reader);
  data.path = parse_path(reader, data, folder);
  const bool mnist = std::all_of(data.datasets.begin(), data.datasets.end(), is_like_mnist);
  data.validation = reader.integer_or("validation", kSamples, mnist ? kMnistValidation : 0);
  data.normalize = parse_normalize(reader.value_or_null("normalize"));
  data.augment = parse_augment(reader.value_or_null("augment"));
  data.synthetic = parse_synthetic(reader.value_or_null("synthetic"));
  reader.value_or_null("path");  // known, whether or not it was needed
  reader.finish(where_it_belongs);
  return data;
}

Value data_to_value(const DataConfig& data) {
  Value normalize = Value::mapping();
  normalize.set("mean", numbers_to_value(data.normalize.mean));
  normalize.set("std", numbers_to_value(data.normalize.std));
  Value augment = Value::mapping();
  augment.set("shift", Value::integer(data.augment.shift));
  Value synthetic = Value::mapping();
  synthetic.set("train", Value::integer(data.synthetic.train));
  synthetic.set("test", Value::integer(data.synthetic.test));
  synthetic.set("channels", Value::integer(data.synthetic.channels));
  synthetic.set("side", Value::integer(data.synthetic.side));
  Value section = Value::mapping();
  section.set("dataset", names_to_value(data.datasets));
  if (!data.path.empty()) section.set("path", Value::string(data.path.string()));
  section.set("validation", Value::integer(data.validation));
  section.set("normalize", std::move(normalize));
  section.set("augment", std::move(augment));
  section.set("synthetic", std::move(synthetic));
  return section;
}

}  // namespace lockstep
