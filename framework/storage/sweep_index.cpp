#include "framework/storage/sweep_index.hpp"

#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"
#include "framework/storage/atomic_file.hpp"
#include "framework/storage/hdf5_file.hpp"

namespace lockstep {
namespace {

constexpr const char* kFormat = "lockstep-sweep";
constexpr std::int64_t kSchemaVersion = 1;

struct Figure {
  const char* name;
  double EpochRecord::*member;
  const char* units;
  const char* long_name;
};

constexpr std::array<Figure, 6> kFigures = {{
    {"train_accuracy", &EpochRecord::train_accuracy, "1", "training accuracy of the last epoch"},
    {"validation_accuracy", &EpochRecord::validation_accuracy, "1",
     "accuracy on the validation set"},
    {"test_accuracy", &EpochRecord::test_accuracy, "1", "accuracy on the test set"},
    {"train_loss", &EpochRecord::train_loss, "nat", "mean training loss of the last epoch"},
    {"validation_loss", &EpochRecord::validation_loss, "nat", "mean loss on the validation set"},
    {"test_loss", &EpochRecord::test_loss, "nat", "mean loss on the test set"},
}};

/// The numbers of a column whose values are all numbers of that kind; nothing otherwise.
template <class Number, class Parse>
std::optional<std::vector<Number>> numbers_of(const std::vector<std::string>& texts, Parse parse) {
  std::vector<Number> numbers;
  for (const std::string& text : texts) {
    const auto number = parse(text);
    if (!number) return {};
    numbers.push_back(*number);
  }
  return numbers;
}

/// The table's columns, one call for each; remembers their paths.
class TrialTable {
 public:
  TrialTable(Hdf5Writer& file, std::size_t rows) : file_(file), rows_(static_cast<Index>(rows)) {}

  void add(const std::string& name, Hdf5Values values, const char* units,
           const std::string& long_name) {
    const std::string path = "/trials/" + name;
    file_.add_dataset({.path = path,
                       .extents = {rows_},
                       .values = values,
                       .units = units,
                       .long_name = long_name});
    paths_.push_back(path);
  }

  void add_digests(const std::vector<SweepIndexRow>& rows) {
    std::vector<std::uint64_t> halves;
    for (const SweepIndexRow& row : rows) {
      halves.push_back(row.digest ? row.digest->high : 0);
      halves.push_back(row.digest ? row.digest->low : 0);
    }
    file_.add_dataset({.path = "/trials/digest",
                       .extents = {rows_, 2},
                       .values = std::span<const std::uint64_t>(halves),
                       .units = "1",
                       .long_name = "XXH3-128 of the last weights, high and low half; zeros where "
                                    "there are none"});
    paths_.emplace_back("/trials/digest");
    file_.label_axis("/trials/digest", 1, "half");
  }

  void add_parameter(const std::string& key, const std::vector<std::string>& texts) {
    const std::string long_name = "value of " + key;
    if (const auto integers = numbers_of<std::int64_t>(texts, parse_integer)) {
      add(key, std::span<const std::int64_t>(*integers), "1", long_name);
    } else if (const auto reals = numbers_of<double>(texts, parse_real)) {
      add(key, std::span<const double>(*reals), "1", long_name);
    } else {
      add(key, std::span<const std::string>(texts), "", long_name);
    }
  }

  /// The names of the trials label the rows of the other columns.
  void attach_names() const {
    file_.make_scale("/trials/trial", "trial");
    for (const std::string& path : paths_) {
      if (path != "/trials/trial") file_.attach_scale({.dataset = path, .scale = "/trials/trial"});
    }
  }

 private:
  Hdf5Writer& file_;
  Index rows_;
  std::vector<std::string> paths_;
};

std::vector<std::string> texts_of(const SweepIndex& index, std::string SweepIndexRow::*member) {
  std::vector<std::string> texts;
  for (const SweepIndexRow& row : index.rows) texts.push_back(row.*member);
  return texts;
}

void write_parameters(TrialTable& table, const SweepIndex& index) {
  for (std::size_t i = 0; i < index.keys.size(); ++i) {
    std::vector<std::string> texts;
    for (const SweepIndexRow& row : index.rows) texts.push_back(row.parameters.at(i));
    table.add_parameter(index.keys[i], texts);
  }
}

void write_figures(TrialTable& table, const SweepIndex& index) {
  for (const Figure& figure : kFigures) {
    std::vector<double> values;
    for (const SweepIndexRow& row : index.rows) values.push_back(row.last.*figure.member);
    table.add(figure.name, std::span<const double>(values), figure.units, figure.long_name);
  }
}

void write_trials(Hdf5Writer& file, const SweepIndex& index) {
  file.add_group("/trials");
  file.add_attribute("/trials", "long_name", "trials of the sweep, in their order");
  file.add_attribute("/trials", "NX_class", "NXdata");
  file.add_attribute("/trials", "signal", index.metric);
  file.add_attribute("/trials", "axes", std::vector<std::string>{"trial"});
  TrialTable table(file, index.rows.size());
  const std::vector<std::string> names = texts_of(index, &SweepIndexRow::trial);
  table.add("trial", std::span<const std::string>(names), "", "folder below trials/");
  const std::vector<std::string> statuses = texts_of(index, &SweepIndexRow::status);
  table.add("status", std::span<const std::string>(statuses), "", "how far the trial has come");
  std::vector<std::int64_t> steps;
  for (const SweepIndexRow& row : index.rows) steps.push_back(row.steps);
  table.add("steps", std::span<const std::int64_t>(steps), "1", "training steps done");
  table.add_digests(index.rows);
  write_figures(table, index);
  write_parameters(table, index);
  table.attach_names();
}

void write_index(const std::filesystem::path& path, const SweepIndex& index) {
  Hdf5Writer file(path);
  file.add_attribute("/", "format", kFormat);
  file.add_attribute("/", "schema_version", kSchemaVersion);
  file.add_attribute("/", "NX_class", "NXroot");
  file.add_attribute("/", "default", "trials");
  file.add_attribute("/", "name", index.name);
  file.add_attribute("/", "metric", index.metric);
  file.add_attribute("/", "goal", index.maximize ? "maximize" : "minimize");
  write_trials(file, index);
  file.add_group("/runs");
  file.add_attribute("/runs", "long_name", "the trials' metrics, in files of their own");
  for (const SweepIndexRow& row : index.rows) {
    file.add_external_link("/runs/" + row.trial, fmt::format("trials/{}/metrics.h5", row.trial),
                           "/");
  }
  file.close();
}

}  // namespace

double figure_of(const EpochRecord& record, const std::string& name) {
  for (const Figure& figure : kFigures) {
    if (figure.name == name) return record.*figure.member;
  }
  return kNotMeasured;
}

void publish_sweep_index(const std::filesystem::path& path, const SweepIndex& index) {
  const WriteOptions options;
  AtomicFile aside(path, options);
  write_index(aside.temporary(), index);
  aside.sync();
  aside.publish();
}

}  // namespace lockstep
