#include "framework/storage/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "framework/core/error.hpp"
#include "framework/storage/hdf5_file.hpp"

namespace lockstep {
namespace {

constexpr const char* kFormat = "lockstep-metrics";
constexpr std::int64_t kSchemaVersion = 1;

// ---- Columns
// --------------------------------------------------------------------------------------

/// One column of doubles: writer and reader go through the same list.
template <typename Record>
struct Column {
  const char* name;
  double Record::*member;
  const char* units;
  const char* long_name;
};

constexpr std::array<Column<StepRecord>, 5> kStepColumns = {{
    {"epoch", &StepRecord::epoch, "1", "epochs done, fractions included"},
    {"loss", &StepRecord::loss, "nat",
     "mean training loss over the step's batch, before the update"},
    {"learning_rate", &StepRecord::learning_rate, "1", "learning rate"},
    {"gradient_norm", &StepRecord::gradient_norm, "1",
     "Euclidean norm of the mean gradient, before decay and clipping"},
    {"images_per_second", &StepRecord::images_per_second, "1/s", "training speed"},
}};

constexpr std::array<Column<EpochRecord>, 8> kEpochColumns = {{
    {"epoch", &EpochRecord::epoch, "1", "epochs done, fractions included"},
    {"train_loss", &EpochRecord::train_loss, "nat",
     "mean training loss of the epoch's steps so far"},
    {"train_accuracy", &EpochRecord::train_accuracy, "1",
     "training accuracy of the epoch's steps so far"},
    {"validation_loss", &EpochRecord::validation_loss, "nat", "mean loss on the validation set"},
    {"validation_accuracy", &EpochRecord::validation_accuracy, "1",
     "accuracy on the validation set"},
    {"test_loss", &EpochRecord::test_loss, "nat", "mean loss on the test set"},
    {"test_accuracy", &EpochRecord::test_accuracy, "1", "accuracy on the test set"},
    {"seconds", &EpochRecord::seconds, "s", "training time since the start of the run"},
}};

constexpr std::array<Column<LayerRecord>, 2> kLayerColumns = {{
    {"activation_rms", &LayerRecord::activation_rms, "1", "root mean square of the layer's output"},
    {"gradient_rms", &LayerRecord::gradient_rms, "1",
     "root mean square of the gradient of the layer's parameters"},
}};

std::string in_group(const std::string& group, const std::string& name) {
  return fmt::format("{}/{}", group, name);
}

template <typename Record>
void write_steps(Hdf5Writer& file, const std::string& group, const std::vector<Record>& records) {
  std::vector<std::int64_t> steps;
  for (const Record& record : records) steps.push_back(record.step);
  file.add_dataset({.path = in_group(group, "step"),
                    .extents = {static_cast<Index>(steps.size())},
                    .values = std::span<const std::int64_t>(steps),
                    .units = "1",
                    .long_name = "training steps done"});
}

template <typename Record, std::size_t kColumns>
void write_columns(Hdf5Writer& file, const std::string& group, const std::vector<Record>& records,
                   const std::array<Column<Record>, kColumns>& columns) {
  for (const Column<Record>& column : columns) {
    std::vector<double> values;
    values.reserve(records.size());
    for (const Record& record : records) values.push_back(record.*column.member);
    file.add_dataset({.path = in_group(group, column.name),
                      .extents = {static_cast<Index>(values.size())},
                      .values = std::span<const double>(values),
                      .units = column.units,
                      .long_name = column.long_name});
  }
}

/// What viewers plot of a group when told nothing: NeXus' NXdata.
struct DefaultPlot {
  std::string long_name;
  std::string signal;
  std::vector<std::string> more_signals;
  std::vector<std::string> axes;
};

void add_plot_group(Hdf5Writer& file, const std::string& group, const DefaultPlot& plot) {
  file.add_group(group);
  file.add_attribute(group, "long_name", plot.long_name);
  file.add_attribute(group, "NX_class", "NXdata");
  file.add_attribute(group, "signal", plot.signal);
  if (!plot.more_signals.empty()) file.add_attribute(group, "auxiliary_signals", plot.more_signals);
  file.add_attribute(group, "axes", plot.axes);
}

/// Makes one column the scale of the first axis of the others.
void attach_rows(Hdf5Writer& file, const std::string& group, const std::string& scale,
                 std::span<const std::string> columns) {
  file.make_scale(in_group(group, scale), scale);
  for (const std::string& column : columns) {
    if (column == scale) continue;
    file.attach_scale({.dataset = in_group(group, column), .scale = in_group(group, scale)});
  }
}

template <typename Record, std::size_t kColumns>
std::vector<std::string> names_of(const std::array<Column<Record>, kColumns>& columns) {
  std::vector<std::string> names;
  for (const Column<Record>& column : columns) names.emplace_back(column.name);
  return names;
}

// ---- Writing the groups
// ---------------------------------------------------------------------------

void write_step_table(Hdf5Writer& file, const std::vector<StepRecord>& steps) {
  const std::string group = "/steps";
  add_plot_group(
      file, group,
      {.long_name = "training steps", .signal = "loss", .more_signals = {}, .axes = {"step"}});
  write_steps(file, group, steps);
  write_columns(file, group, steps, kStepColumns);
  std::vector<std::uint64_t> digests;
  for (const StepRecord& record : steps) {
    digests.push_back(record.has_digest ? record.digest.high : 0);
    digests.push_back(record.has_digest ? record.digest.low : 0);
  }
  file.add_dataset({.path = "/steps/digest",
                    .extents = {static_cast<Index>(steps.size()), 2},
                    .values = std::span<const std::uint64_t>(digests),
                    .units = "1",
                    .long_name = "XXH3-128 of the weights after the update, high and low half; "
                                 "zeros where not taken"});
  std::vector<std::string> columns = names_of(kStepColumns);
  columns.emplace_back("digest");
  attach_rows(file, group, "step", columns);
  file.label_axis("/steps/digest", 1, "half");
}

void write_epoch_table(Hdf5Writer& file, const std::vector<EpochRecord>& epochs) {
  const std::string group = "/epochs";
  add_plot_group(file, group,
                 {.long_name = "evaluations",
                  .signal = "train_loss",
                  .more_signals = {"validation_loss", "test_loss"},
                  .axes = {"epoch"}});
  write_steps(file, group, epochs);
  write_columns(file, group, epochs, kEpochColumns);
  std::vector<std::string> columns = names_of(kEpochColumns);
  columns.emplace_back("step");
  attach_rows(file, group, "epoch", columns);
}

/// The number of classes of a square matrix given flat.
Index classes_of(const std::vector<Index>& confusion) {
  Index classes = 0;
  while (classes * classes < static_cast<Index>(confusion.size())) ++classes;
  return classes;
}

void write_confusion(Hdf5Writer& file, const std::vector<EpochRecord>& epochs) {
  const auto last = std::find_if(epochs.rbegin(), epochs.rend(), [](const EpochRecord& record) {
    return !record.confusion.empty();
  });
  const bool found = last != epochs.rend();
  const std::vector<Index> confusion = found ? last->confusion : std::vector<Index>{};
  const Index classes = classes_of(confusion);
  file.add_dataset({.path = "/confusion",
                    .extents = {classes, classes},
                    .values = std::span<const std::int64_t>(confusion),
                    .units = "1",
                    .long_name = "samples of the last evaluation: rows are the true class, columns "
                                 "the predicted one"});
  file.add_attribute("/confusion", "step", found ? last->step : Index{0});
  file.add_attribute("/confusion", "interpretation", "image");
  file.label_axis("/confusion", 0, "true class");
  file.label_axis("/confusion", 1, "predicted class");
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
    for (const LayerRecord& layer : record.layers) {
      if (std::ranges::find(table.layers, layer.layer) == table.layers.end()) {
        table.layers.push_back(layer.layer);
      }
    }
  }
  return table;
}

/// One row an evaluation; NaN where it has no figures of a layer.
std::vector<double> layer_values(const LayerTable& table, double LayerRecord::*member) {
  std::vector<double> values;
  for (const EpochRecord& record : table.epochs) {
    for (const std::string& name : table.layers) {
      const auto layer = std::ranges::find(record.layers, name, &LayerRecord::layer);
      values.push_back(layer == record.layers.end() ? kNotMeasured : (*layer).*member);
    }
  }
  return values;
}

void write_layer_table(Hdf5Writer& file, const LayerTable& table) {
  const std::string group = "/layers";
  add_plot_group(file, group,
                 {.long_name = "figures of layers at evaluations",
                  .signal = "activation_rms",
                  .more_signals = {},
                  .axes = {"epoch", "layer"}});
  write_steps(file, group, table.epochs);
  write_columns(file, group, table.epochs, std::array{kEpochColumns.front()});
  file.add_dataset({.path = "/layers/layer",
                    .extents = {static_cast<Index>(table.layers.size())},
                    .values = std::span<const std::string>(table.layers),
                    .units = "",
                    .long_name = "names of the layers"});
  for (const Column<LayerRecord>& column : kLayerColumns) {
    const std::vector<double> values = layer_values(table, column.member);
    file.add_dataset({.path = in_group(group, column.name),
                      .extents = {static_cast<Index>(table.epochs.size()),
                                  static_cast<Index>(table.layers.size())},
                      .values = std::span<const double>(values),
                      .units = column.units,
                      .long_name = column.long_name});
  }
  std::vector<std::string> columns = names_of(kLayerColumns);
  file.make_scale("/layers/layer", "layer");
  for (const std::string& column : columns) {
    file.attach_scale({.dataset = in_group(group, column), .axis = 1, .scale = "/layers/layer"});
  }
  columns.emplace_back("step");
  attach_rows(file, group, "epoch", columns);
}

void write_tables(const std::filesystem::path& path, const MetricsTables& tables) {
  Hdf5Writer file(path);
  file.add_attribute("/", "format", kFormat);
  file.add_attribute("/", "schema_version", kSchemaVersion);
  file.add_attribute("/", "NX_class", "NXroot");
  file.add_attribute("/", "default", "steps");
  write_step_table(file, tables.steps);
  write_epoch_table(file, tables.epochs);
  write_confusion(file, tables.epochs);
  write_layer_table(file, layer_table(tables.epochs));
  file.close();
}

// ---- Reading
// --------------------------------------------------------------------------------------

[[noreturn]] void refuse(const Hdf5Reader& file, const std::string& reason) {
  throw Error(ErrorKind::data, fmt::format("{}: {}.", file.name(), reason));
}

void require_length(const Hdf5Reader& file, const std::string& path, std::size_t found,
                    std::size_t expected) {
  if (found == expected) return;
  refuse(file, fmt::format("{} has {} values, expected {}", path, found, expected));
}

/// One record for each value of the step column.
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

/// The last record of a step, to which figures kept elsewhere in the file belong.
EpochRecord* find_step(std::vector<EpochRecord>& epochs, Index step) {
  const auto found =
      std::find_if(epochs.rbegin(), epochs.rend(),
                   [step](const EpochRecord& record) { return record.step == step; });
  return found == epochs.rend() ? nullptr : &*found;
}

void read_confusion(const Hdf5Reader& file, std::vector<EpochRecord>& epochs) {
  const std::vector<Index> confusion = file.read_integers("/confusion");
  if (confusion.empty()) return;
  const auto classes = static_cast<std::size_t>(classes_of(confusion));
  require_length(file, "/confusion", confusion.size(), classes * classes);
  EpochRecord* record = find_step(epochs, file.integer_attribute("/confusion", "step"));
  if (record == nullptr) refuse(file, "/confusion is of a step that /epochs has not");
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
    if (record == nullptr) refuse(file, "/layers has a step that /epochs has not");
    const auto first = cells.begin() + static_cast<std::ptrdiff_t>(row * layers.size());
    record->layers.assign(first, first + static_cast<std::ptrdiff_t>(layers.size()));
    for (std::size_t i = 0; i < layers.size(); ++i) record->layers[i].layer = layers[i];
  }
}

void require_metrics(const Hdf5Reader& file) {
  if (!file.has_attribute("/", "format") || file.text_attribute("/", "format") != kFormat) {
    refuse(file, fmt::format("it is not a file of the format {}", kFormat));
  }
  const std::int64_t version = file.integer_attribute("/", "schema_version");
  if (version != kSchemaVersion) {
    refuse(file, fmt::format("its schema_version is {}, expected {}; it is of a newer version of "
                             "Lockstep",
                             version, kSchemaVersion));
  }
}

}  // namespace

void publish_metrics(const std::filesystem::path& path, const MetricsTables& tables,
                     const WriteOptions& options) {
  try {
    AtomicFile aside(path, options);
    write_tables(aside.temporary(), tables);
    options.reached(WriteStage::written, aside.temporary());
    aside.sync();
    aside.publish();
  } catch (const Error& error) {
    throw Error(error.kind(),
                fmt::format("metrics {} are not written: {}", path.string(), error.what()));
  }
}

MetricsTables read_metrics(const std::filesystem::path& path) {
  const Hdf5Reader file(path);
  require_metrics(file);
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
