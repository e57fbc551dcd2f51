#include "experiments/results/metrics_csv.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "framework/storage/metrics/metrics_tables.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

using Lines = std::vector<std::string>;

std::string cell(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

template <typename Record>
std::string names_of(std::span<const Column<Record>> columns) {
  std::string names;
  for (const Column<Record>& column : columns) names += fmt::format(",{}", column.name);
  return names;
}

template <typename Record>
std::string cells_of(const Record& record, std::span<const Column<Record>> columns) {
  std::string cells;
  for (const Column<Record>& column : columns) cells += "," + cell(record.*column.member);
  return cells;
}

// Quotes a name with commas or quotes.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string inner = text;
  for (std::size_t at = 0; (at = inner.find('"', at)) != std::string::npos; at += 2) {
    inner.insert(at, 1, '"');
  }
  return fmt::format("\"{}\"", inner);
}

Lines step_lines(const MetricsTables& tables) {
  const std::span<const Column<StepRecord>> columns = kStepColumns;
  Lines lines{"step" + names_of(columns) + ",digest"};
  for (const StepRecord& record : tables.steps) {
    lines.push_back(fmt::format("{}{},{}", record.step, cells_of(record, columns),
                                record.has_digest ? record.digest.hex() : ""));
  }
  return lines;
}

Lines epoch_lines(const MetricsTables& tables) {
  const std::span<const Column<EpochRecord>> columns = kEpochColumns;
  Lines lines{"step" + names_of(columns)};
  for (const EpochRecord& record : tables.epochs) {
    lines.push_back(fmt::format("{}{}", record.step, cells_of(record, columns)));
  }
  return lines;
}

Lines layer_lines(const MetricsTables& tables) {
  const std::span<const Column<LayerRecord>> columns = kLayerColumns;
  Lines lines{"step,epoch,layer" + names_of(columns)};
  for (const EpochRecord& record : tables.epochs) {
    for (const LayerRecord& layer : record.layers) {
      lines.push_back(fmt::format("{},{},{}{}", record.step, record.epoch, quoted(layer.layer),
                                  cells_of(layer, columns)));
    }
  }
  return lines;
}

// The last evaluation's confusion matrix: one line per true class, one column per predicted class.
Lines confusion_lines(const MetricsTables& tables) {
  const auto last =
      std::find_if(tables.epochs.rbegin(), tables.epochs.rend(),
                   [](const EpochRecord& record) { return !record.confusion.empty(); });
  Lines lines{"true_class"};
  if (last == tables.epochs.rend()) return lines;
  const auto classes = static_cast<std::size_t>(confusion_classes(last->confusion));
  for (std::size_t k = 0; k < classes; ++k) lines.front() += fmt::format(",{}", k);
  for (std::size_t k = 0; k < classes; ++k) {
    const auto row = std::span(last->confusion).subspan(k * classes, classes);
    lines.push_back(fmt::format("{},{}", k, fmt::join(row, ",")));
  }
  return lines;
}

}  // namespace

std::vector<std::string> csv_lines(const MetricsTables& tables, CsvTable table) {
  switch (table) {
    case CsvTable::steps:
      return step_lines(tables);
    case CsvTable::epochs:
      return epoch_lines(tables);
    case CsvTable::layers:
      return layer_lines(tables);
    case CsvTable::confusion:
      break;
  }
  return confusion_lines(tables);
}

}  // namespace lockstep
