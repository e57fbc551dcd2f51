// The reading half of sweep_index.hpp.

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "framework/core/settings.hpp"
#include "framework/storage/hdf5/checked_file.hpp"
#include "framework/storage/hdf5/file_format.hpp"
#include "framework/storage/hdf5/layout.hpp"
#include "framework/storage/metrics/plot_group.hpp"
#include "framework/storage/run/sweep_index.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

std::string column_path(const std::string& name) { return in_group(sweep_layout::kTrials, name); }

void require_length(const Hdf5Reader& file, const std::string& name, std::size_t found,
                    std::size_t expected) {
  if (found == expected) return;
  refuse_file(errors::kDamagedFile, file.name(),
              fmt::format("{} has {} values, expected {}", column_path(name), found, expected));
}

/// Keeps a whole number of a float64 column distinct from an integer.
std::string real_text(double value) {
  std::string text = fmt::format("{}", value);
  return parse_integer(text) ? text + ".0" : text;
}

/// A parameter's column as the texts that it was made from, apart from the spelling of numbers.
///
std::vector<std::string> parameter_texts(const Hdf5Reader& file, const std::string& key) {
  const std::string path = column_path(key);
  const Hdf5Element element = file.element(path);
  if (element == Hdf5Element::text) return file.read_texts(path);
  std::vector<std::string> texts;
  if (element == Hdf5Element::float64) {
    for (const double value : file.read_reals(path)) texts.push_back(real_text(value));
  } else {
    for (const std::int64_t value : file.read_integers(path)) {
      texts.push_back(fmt::format("{}", value));
    }
  }
  return texts;
}

bool is_parameter(const std::string& name) {
  constexpr std::array<std::string_view, 6> kOthers = {sweep_layout::kNumber, sweep_layout::kTrial,
                                                       sweep_layout::kStatus, sweep_layout::kSteps,
                                                       sweep_layout::kDigest, kHalfScale};
  const auto is_figure = [&](const Column<EpochRecord>& figure) { return figure.name == name; };
  return std::ranges::count(kOthers, name) == 0 && std::ranges::none_of(kFigureColumns, is_figure);
}

void read_names(const Hdf5Reader& file, SweepIndex& index) {
  const std::vector<std::string> statuses = file.read_texts(column_path(sweep_layout::kStatus));
  const std::vector<std::int64_t> steps = file.read_integers(column_path(sweep_layout::kSteps));
  require_length(file, sweep_layout::kStatus, statuses.size(), index.rows.size());
  require_length(file, sweep_layout::kSteps, steps.size(), index.rows.size());
  for (std::size_t i = 0; i < index.rows.size(); ++i) {
    index.rows[i].status = statuses[i];
    index.rows[i].steps = steps[i];
  }
}

void read_digests(const Hdf5Reader& file, SweepIndex& index) {
  const std::vector<std::uint64_t> halves = file.read_unsigned(column_path(sweep_layout::kDigest));
  require_length(file, sweep_layout::kDigest, halves.size(), 2 * index.rows.size());
  for (std::size_t i = 0; i < index.rows.size(); ++i) {
    const Digest digest{.high = halves[2 * i], .low = halves[2 * i + 1]};
    if (digest != Digest{}) index.rows[i].digest = digest;
  }
}

void read_figures(const Hdf5Reader& file, SweepIndex& index) {
  for (const Column<EpochRecord>& figure : kFigureColumns) {
    const std::vector<double> values = file.read_reals(column_path(figure.name));
    require_length(file, figure.name, values.size(), index.rows.size());
    for (std::size_t i = 0; i < values.size(); ++i) index.rows[i].last.*figure.member = values[i];
  }
}

void read_parameters(const Hdf5Reader& file, SweepIndex& index) {
  for (const std::string& name : file.children(sweep_layout::kTrials)) {
    if (!is_parameter(name)) continue;
    index.keys.push_back(name);
    std::vector<std::string> texts = parameter_texts(file, name);
    require_length(file, name, texts.size(), index.rows.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      index.rows[i].parameters.push_back(std::move(texts[i]));
    }
  }
}

}  // namespace

SweepIndex read_sweep_index(const std::filesystem::path& path) {
  const OpenedFile opened = open_checked(path);
  const Hdf5Reader& file = *opened.reader;
  require_format(file, sweep_layout::kFormat, sweep_layout::kSchemaVersion);
  SweepIndex index{.name = file.text_attribute("/", "name"),
                   .metric = file.text_attribute("/", "metric"),
                   .maximize = file.text_attribute("/", "goal") == "maximize",
                   .keys = {},
                   .rows = {}};
  for (std::string& trial : file.read_texts(column_path(sweep_layout::kTrial))) {
    index.rows.push_back({.trial = std::move(trial), .parameters = {}, .status = {}});
  }
  read_names(file, index);
  read_digests(file, index);
  read_figures(file, index);
  read_parameters(file, index);
  return index;
}

}  // namespace lockstep
