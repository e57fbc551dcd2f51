// The reading half of metrics.hpp.

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>

#include "framework/storage/hdf5/checked_file.hpp"
#include "framework/storage/hdf5/file_format.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/hdf5/layout.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/storage/metrics/metrics_tables.hpp"
#include "framework/storage/metrics/plot_group.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

namespace layout = metrics_layout;

void require_length(const Hdf5Reader& file, const std::string& path, std::size_t found,
                    std::size_t expected) {
  if (found == expected) return;
  refuse_file(errors::kDamagedFile, file.name(),
              fmt::format("{} has {} values, expected {}", path, found, expected));
}

/// One record per value of the step column.
template <typename Record>
std::vector<Record> read_steps(const Hdf5Reader& file, const std::string& group) {
  std::vector<Record> records;
  for (const std::int64_t step : file.read_integers(in_group(group, "step"))) {
    records.emplace_back().step = step;
  }
  return records;
}

template <typename Record>
void read_column(const Hdf5Reader& file, const std::string& group, const Column<Record>& column,
                 std::vector<Record>& records) {
  const std::string path = in_group(group, column.name);
  if (column.may_be_missing && file.node(path) == Hdf5Node::missing) {
    for (Record& record : records) record.*column.member = kNotMeasured;
    return;
  }
  const std::vector<double> values = file.read_reals(path);
  require_length(file, path, values.size(), records.size());
  for (std::size_t i = 0; i < values.size(); ++i) records[i].*column.member = values[i];
}

std::vector<StepRecord> read_step_table(const Hdf5Reader& file) {
  std::vector<StepRecord> steps = read_steps<StepRecord>(file, "/steps");
  for (const Column<StepRecord>& column : kStepColumns) read_column(file, "/steps", column, steps);
  const std::vector<std::uint64_t> digests = file.read_unsigned("/steps/digest");
  require_length(file, "/steps/digest", digests.size(), 2 * steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    steps[i].digest = {.high = digests[2 * i], .low = digests[2 * i + 1]};
    steps[i].has_digest = steps[i].digest != Digest{};
  }
  return steps;
}

/// The last record of a step. Figures elsewhere in the file belong to it.
EpochRecord* find_step(std::vector<EpochRecord>& epochs, Index step) {
  const auto found =
      std::find_if(epochs.rbegin(), epochs.rend(),
                   [step](const EpochRecord& record) { return record.step == step; });
  return found == epochs.rend() ? nullptr : &*found;
}

void read_confusion(const Hdf5Reader& file, std::vector<EpochRecord>& epochs) {
  const std::vector<Index> confusion = file.read_integers("/confusion");
  if (confusion.empty()) return;
  const auto classes = static_cast<std::size_t>(confusion_classes(confusion));
  require_length(file, "/confusion", confusion.size(), classes * classes);
  EpochRecord* record = find_step(epochs, file.integer_attribute("/confusion", "step"));
  if (record == nullptr)
    refuse_file(errors::kDamagedFile, file.name(), "/confusion is of a step that /epochs has not");
  record->confusion = confusion;
}

void read_layer_table(const Hdf5Reader& file, std::vector<EpochRecord>& epochs) {
  const std::vector<std::string> layers = file.read_texts("/layers/layer");
  const std::vector<std::int64_t> steps = file.read_integers("/layers/step");
  std::vector<LayerRecord> cells(steps.size() * layers.size());
  for (const Column<LayerRecord>& column : kLayerColumns) {
    read_column(file, "/layers", column, cells);
  }
  for (std::size_t row = 0; row < steps.size(); ++row) {
    EpochRecord* record = find_step(epochs, steps[row]);
    if (record == nullptr)
      refuse_file(errors::kDamagedFile, file.name(), "/layers has a step that /epochs has not");
    const auto first = cells.begin() + static_cast<std::ptrdiff_t>(row * layers.size());
    record->layers.assign(first, first + static_cast<std::ptrdiff_t>(layers.size()));
    for (std::size_t i = 0; i < layers.size(); ++i) record->layers[i].layer = layers[i];
  }
}

}  // namespace

MetricsTables read_metrics(const std::filesystem::path& path) {
  const OpenedFile opened = open_checked(path);
  const Hdf5Reader& file = *opened.reader;
  require_format(file, layout::kFormat, layout::kSchemaVersion);
  MetricsTables tables;
  tables.steps = read_step_table(file);
  tables.epochs = read_steps<EpochRecord>(file, "/epochs");
  for (const Column<EpochRecord>& column : kEpochColumns) {
    read_column(file, "/epochs", column, tables.epochs);
  }
  read_confusion(file, tables.epochs);
  read_layer_table(file, tables.epochs);
  return tables;
}

}  // namespace lockstep
