#include "framework/storage/run/sweep_index.hpp"

#include <cmath>
#include <span>
#include <type_traits>

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"
#include "framework/storage/files/atomic_file.hpp"
#include "framework/storage/files/user_block.hpp"
#include "framework/storage/hdf5/layout.hpp"
#include "framework/storage/metrics/metrics_tables.hpp"
#include "framework/storage/metrics/plot_group.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

using TrialTable = TableGroup<SweepIndexRow>;

/// The numbers of a column if all its values are numbers of that kind; nothing otherwise.
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

/// One value per trial.
template <class Value>
void add(TrialTable& table, const std::string& name, const std::vector<Value>& values,
         const std::string& long_name) {
  table.add({.path = name,
             .extents = {},
             .values = std::span<const Value>(values),
             .units = std::is_same_v<Value, std::string> ? "" : "1",
             .long_name = long_name});
}

std::vector<std::string> texts_of(const SweepIndex& index, std::string SweepIndexRow::*member) {
  std::vector<std::string> texts;
  for (const SweepIndexRow& row : index.rows) texts.push_back(row.*member);
  return texts;
}

void write_identity(TrialTable& table, const SweepIndex& index) {
  std::vector<std::int64_t> numbers;
  std::vector<std::int64_t> steps;
  for (const SweepIndexRow& row : index.rows) {
    numbers.push_back(static_cast<std::int64_t>(numbers.size()) + 1);
    steps.push_back(row.steps);
  }
  add(table, sweep_layout::kNumber, numbers, "place in the sweep's order, from 1");
  add(table, sweep_layout::kTrial, texts_of(index, &SweepIndexRow::trial), "folder below trials/");
  add(table, sweep_layout::kStatus, texts_of(index, &SweepIndexRow::status),
      "how far the trial has come");
  add(table, sweep_layout::kSteps, steps, "training steps done");
}

void write_digests(TrialTable& table, const SweepIndex& index) {
  std::vector<std::uint64_t> halves;
  for (const SweepIndexRow& row : index.rows) {
    halves.push_back(row.digest ? row.digest->high : 0);
    halves.push_back(row.digest ? row.digest->low : 0);
  }
  table.add({.path = sweep_layout::kDigest,
             .extents = {2},
             .values = std::span<const std::uint64_t>(halves),
             .units = "1",
             .long_name = "XXH3-128 of the last weights, high and low half; zeros where there are "
                          "none"});
}

void write_figures(TrialTable& table, const SweepIndex& index) {
  for (const Column<EpochRecord>& figure : kFigureColumns) {
    std::vector<double> values;
    for (const SweepIndexRow& row : index.rows) values.push_back(row.last.*figure.member);
    table.add({.path = figure.name,
               .extents = {},
               .values = std::span<const double>(values),
               .units = figure.units,
               .long_name = fmt::format("{}, last evaluation", figure.long_name)});
  }
}

void write_parameter(TrialTable& table, const std::string& key,
                     const std::vector<std::string>& texts) {
  const std::string long_name = "value of " + key;
  if (const auto integers = numbers_of<std::int64_t>(texts, parse_integer)) {
    add(table, key, *integers, long_name);
  } else if (const auto reals = numbers_of<double>(texts, parse_real)) {
    add(table, key, *reals, long_name);
  } else {
    add(table, key, texts, long_name);
  }
}

void write_trials(Hdf5Writer& file, const SweepIndex& index) {
  TrialTable table(file, sweep_layout::kTrials, index.rows,
                   {.long_name = "trials of the sweep, in their order",
                    .signal = index.metric,
                    .axes = {sweep_layout::kNumber}});
  write_identity(table, index);
  write_digests(table, index);
  write_figures(table, index);
  for (std::size_t i = 0; i < index.keys.size(); ++i) {
    std::vector<std::string> texts;
    for (const SweepIndexRow& row : index.rows) texts.push_back(row.parameters.at(i));
    write_parameter(table, index.keys[i], texts);
  }
  table.label_rows_by({sweep_layout::kTrial, sweep_layout::kNumber});
  label_digest_halves(file, sweep_layout::kTrials);
}

void write_curves(Hdf5Writer& file, const SweepIndex& index) {
  const std::string group = sweep_layout::kCurves;
  file.add_group(group);
  file.add_attribute(group, "long_name", "loss and evaluations of each trial that has any");
  file.add_attribute(group, "NX_class", "NXcollection");
  bool is_first = true;
  for (const SweepIndexRow& row : index.rows) {
    if (row.curve == nullptr || row.curve->steps.empty()) continue;
    write_curve(file, in_group(group, row.trial), *row.curve);
    if (is_first) file.add_attribute(group, "default", row.trial);
    is_first = false;
  }
}

void write_links(Hdf5Writer& file, const SweepIndex& index) {
  const std::string group = sweep_layout::kRuns;
  file.add_group(group);
  file.add_attribute(group, "long_name", "the trials' metrics, in files of their own");
  for (const SweepIndexRow& row : index.rows) {
    file.add_external_link(in_group(group, row.trial),
                           fmt::format("trials/{}/metrics.h5", row.trial), "/");
  }
}

}  // namespace

double figure_of(const EpochRecord& record, const std::string& name) {
  for (const Column<EpochRecord>& figure : kFigureColumns) {
    if (figure.name == name) return record.*figure.member;
  }
  return kNotMeasured;
}

const SweepIndexRow* best_of(const SweepIndex& index) {
  const SweepIndexRow* best = nullptr;
  double champion = 0;
  for (const SweepIndexRow& row : index.rows) {
    const double value = figure_of(row.last, index.metric);
    if (row.status != "done" || std::isnan(value)) continue;
    const bool is_better = index.maximize ? value > champion : value < champion;
    if (best != nullptr && !is_better) continue;
    best = &row;
    champion = value;
  }
  return best;
}

void write_sweep_index(Hdf5Writer& file, const SweepIndex& index) {
  file.add_attribute("/", "NX_class", "NXroot");
  file.add_attribute("/", "default", "trials");
  file.add_attribute("/", "name", index.name);
  file.add_attribute("/", "metric", index.metric);
  file.add_attribute("/", "goal", index.maximize ? "maximize" : "minimize");
  write_trials(file, index);
  write_curves(file, index);
}

void publish_sweep_index(const std::filesystem::path& path, const SweepIndex& index) {
  Hdf5Writer file(path, kUserBlockBytes);
  file.add_attribute("/", "format", sweep_layout::kFormat);
  file.add_attribute("/", "schema_version", sweep_layout::kSchemaVersion);
  write_sweep_index(file, index);
  write_links(file, index);
  std::vector<std::byte> bytes = file.finish();
  seal(bytes, SealedKind::sweep);
  replace_file(path, bytes);
}

}  // namespace lockstep
