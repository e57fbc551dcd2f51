#include "framework/storage/metrics/metrics_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

#include "framework/storage/files/user_block.hpp"
#include "framework/storage/hdf5/layout.hpp"
#include "framework/storage/hdf5/provenance.hpp"
#include "framework/storage/metrics/plot_group.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

void add_digests(TableGroup<StepRecord>& table, const std::vector<StepRecord>& steps,
                 std::vector<std::uint64_t> digests) {
  digests.reserve(digests.size() + 2 * steps.size());
  for (const StepRecord& record : steps) {
    digests.push_back(record.has_digest ? record.digest.high : 0);
    digests.push_back(record.has_digest ? record.digest.low : 0);
  }
  table.add({.path = "digest",
             .extents = {2},
             .values = std::span<const std::uint64_t>(digests),
             .units = "1",
             .long_name = "XXH3-128 of the weights after the update, high and low half; "
                          "zeros where not taken"});
}

void write_step_table(Hdf5Writer& file, const std::string& group,
                      const std::vector<StepRecord>& steps, const EarlierRows& earlier) {
  TableGroup<StepRecord> table(file, group, steps,
                               {.long_name = "training steps", .signal = "loss", .axes = {"step"}},
                               earlier);
  table.add_steps();
  table.add_columns(kStepColumns);
  add_digests(table, steps, earlier.digests(in_group(group, "digest")));
  table.label_rows_by({"step"});
  label_digest_halves(file, group);
}

void write_epoch_table(Hdf5Writer& file, const std::string& group,
                       const std::vector<EpochRecord>& epochs) {
  TableGroup<EpochRecord> table(file, group, epochs,
                                {.long_name = "evaluations",
                                 .signal = "train_loss",
                                 .more_signals = {"validation_loss", "test_loss"},
                                 .axes = {"epoch"}});
  table.add_steps();
  table.add_columns(kEpochColumns);
  table.label_rows_by({"epoch"});
}

/// Numbers the classes along an axis of the confusion matrix.
void add_class_scale(Hdf5Writer& file, const Hdf5Scale& scale, Index classes) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(classes));
  std::iota(numbers.begin(), numbers.end(), 0);
  const std::string name = scale.scale.substr(scale.scale.rfind('/') + 1);
  file.add_dataset({.path = scale.scale,
                    .extents = {classes},
                    .values = std::span<const std::int64_t>(numbers),
                    .units = "1",
                    .long_name = name == "true_class" ? "true class" : "predicted class"});
  file.make_scale(scale.scale, name);
  file.attach_scale(scale);
}

void write_confusion(Hdf5Writer& file, const std::string& group,
                     const std::vector<EpochRecord>& epochs) {
  const auto last = std::find_if(epochs.rbegin(), epochs.rend(), [](const EpochRecord& record) {
    return !record.confusion.empty();
  });
  const bool found = last != epochs.rend();
  const std::vector<Index> confusion = found ? last->confusion : std::vector<Index>{};
  const Index classes = confusion_classes(confusion);
  const std::string path = in_group(group, "confusion");
  file.add_dataset({.path = path,
                    .extents = {classes, classes},
                    .values = std::span<const std::int64_t>(confusion),
                    .units = "1",
                    .long_name = "samples of the last evaluation: rows are the true class, columns "
                                 "the predicted one"});
  file.add_attribute(path, "step", found ? last->step : Index{0});
  file.add_attribute(path, "interpretation", "image");
  add_class_scale(file, {.dataset = path, .axis = 0, .scale = in_group(group, "true_class")},
                  classes);
  add_class_scale(file, {.dataset = path, .axis = 1, .scale = in_group(group, "predicted_class")},
                  classes);
}

/// Figures of layers by evaluation (rows) and layer (columns).
struct LayerTable {
  std::vector<std::string> layers;  ///< in order of first appearance
  std::vector<EpochRecord> epochs;  ///< those with figures of layers
};

LayerTable layer_table(const std::vector<EpochRecord>& epochs) {
  LayerTable table;
  for (const EpochRecord& record : epochs) {
    if (record.layers.empty()) continue;
    table.epochs.push_back(record);
    for (std::size_t i = 0; i < record.layers.size(); ++i) {
      const std::string& name = record.layers[i].layer;
      if (i < table.layers.size() && table.layers[i] == name) continue;
      if (std::ranges::find(table.layers, name) == table.layers.end()) table.layers.push_back(name);
    }
  }
  return table;
}

/// The figures of a layer; null if there are none. They are nearly always at the same position, and
/// a search would cost the square of the number of layers.
const LayerRecord* layer_at(const EpochRecord& record, std::size_t place, const std::string& name) {
  if (place < record.layers.size() && record.layers[place].layer == name) {
    return &record.layers[place];
  }
  const auto found = std::ranges::find(record.layers, name, &LayerRecord::layer);
  return found == record.layers.end() ? nullptr : &*found;
}

/// One row per evaluation; NaN where it has no figures of a layer.
std::vector<double> layer_values(const LayerTable& table, double LayerRecord::*member) {
  std::vector<double> values;
  for (const EpochRecord& record : table.epochs) {
    for (std::size_t i = 0; i < table.layers.size(); ++i) {
      const LayerRecord* const layer = layer_at(record, i, table.layers[i]);
      values.push_back(layer == nullptr ? kNotMeasured : layer->*member);
    }
  }
  return values;
}

void write_layer_table(Hdf5Writer& file, const std::string& group, const LayerTable& figures) {
  TableGroup<EpochRecord> table(file, group, figures.epochs,
                                {.long_name = "figures of layers at evaluations",
                                 .signal = "activation_rms",
                                 .axes = {"epoch", "layer"}});
  table.add_steps();
  table.add_columns(kEpochAxis);
  const auto layers = static_cast<Index>(figures.layers.size());
  const std::string names = in_group(group, "layer");
  file.add_dataset({.path = names,
                    .extents = {layers},
                    .values = std::span<const std::string>(figures.layers),
                    .units = "",
                    .long_name = "names of the layers"});
  file.make_scale(names, "layer");
  for (const Column<LayerRecord>& column : kLayerColumns) {
    const std::vector<double> values = layer_values(figures, column.member);
    table.add({.path = column.name,
               .extents = {layers},
               .values = std::span<const double>(values),
               .units = column.units,
               .long_name = column.long_name});
    file.attach_scale({.dataset = in_group(group, column.name), .axis = 1, .scale = names});
  }
  table.label_rows_by({"epoch"});
}

/// The size of the file, estimated on the large side.
std::size_t expected_bytes(const MetricsTables& tables, const EarlierRows& earlier) {
  constexpr std::size_t kChunk = std::size_t{1} << 20;  // the last one of a column is not full
  constexpr std::size_t kStepNumbers = kStepColumns.size() + 3;  // with step and digest
  std::size_t numbers = (earlier.rows + tables.steps.size()) * kStepNumbers;
  for (const EpochRecord& record : tables.epochs) {
    numbers += 3 + kEpochColumns.size() + record.layers.size() * kLayerColumns.size();
  }
  const bool is_large = numbers * sizeof(double) > kChunk;
  return numbers * sizeof(double) + (is_large ? 40 : 1) * kChunk;
}

/// Compares losses. A loss that is no number is larger than any other.
bool is_below(double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); }

}  // namespace

void write_metrics(Hdf5Writer& file, const std::string& group, const MetricsTables& tables,
                   const EarlierRows& earlier) {
  const std::string top = group.empty() ? "/" : group;
  file.add_attribute(top, "format", metrics_layout::kFormat);
  file.add_attribute(top, "schema_version", metrics_layout::kSchemaVersion);
  file.add_attribute(top, "NX_class", group.empty() ? "NXroot" : "NXcollection");
  file.add_attribute(top, "default", "steps");
  write_step_table(file, in_group(group, "steps"), tables.steps, earlier);
  write_epoch_table(file, in_group(group, "epochs"), tables.epochs);
  write_confusion(file, group, tables.epochs);
  write_layer_table(file, in_group(group, "layers"), layer_table(tables.epochs));
}

std::vector<std::byte> metrics_file(const MetricsTables& tables, const MetricsOrigin& origin,
                                    const EarlierRows& earlier) {
  Hdf5Writer file("metrics", kUserBlockBytes, expected_bytes(tables, earlier));
  write_metrics(file, "", tables, earlier);
  if (!origin.experiment.empty()) {
    file.add_text("/experiment", origin.experiment, "resolved experiment, YAML");
  }
  write_provenance(file, origin.provenance);
  std::vector<std::byte> bytes = file.finish();
  seal(bytes, SealedKind::metrics);
  return bytes;
}

void write_curve(Hdf5Writer& file, const std::string& group, const MetricsTables& tables) {
  TableGroup<StepRecord> table(
      file, group, tables.steps,
      {.long_name = "loss over the steps", .signal = "loss", .axes = {"step"}});
  table.add_steps();
  table.add_columns(kCurveColumns);
  table.label_rows_by({"step"});
  write_epoch_table(file, in_group(group, "epochs"), tables.epochs);
}

std::vector<StepRecord> loss_curve(const std::vector<StepRecord>& steps) {
  constexpr std::size_t kMost = 2000;
  constexpr std::size_t kStretches = kMost / 2 - 1;
  if (steps.size() <= kMost) return steps;
  const auto inner = std::span(steps).subspan(1, steps.size() - 2);
  std::vector<StepRecord> curve = {steps.front()};
  for (std::size_t i = 0; i < kStretches; ++i) {
    const std::size_t begin = inner.size() * i / kStretches;
    const std::size_t end = inner.size() * (i + 1) / kStretches;
    const auto [low, high] =
        std::ranges::minmax_element(inner.subspan(begin, end - begin), is_below, &StepRecord::loss);
    curve.push_back(*std::min(low, high));
    if (low != high) curve.push_back(*std::max(low, high));
  }
  curve.push_back(steps.back());
  return curve;
}

}  // namespace lockstep
