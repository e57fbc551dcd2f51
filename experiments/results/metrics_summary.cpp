#include "experiments/results/metrics_summary.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/results/class_counts.hpp"
#include "experiments/text/figures.hpp"
#include "experiments/text/sparkline.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kCurveCells = 48;

// The last evaluation that satisfies the condition; null if there is none.
template <class Predicate>
const EpochRecord* last_with(const MetricsTables& tables, const Predicate& predicate) {
  const auto found = std::find_if(tables.epochs.rbegin(), tables.epochs.rend(), predicate);
  return found == tables.epochs.rend() ? nullptr : &*found;
}

const EpochRecord* last_with_layers(const MetricsTables& tables) {
  return last_with(tables, [](const EpochRecord& record) { return !record.layers.empty(); });
}

const EpochRecord* last_with_confusion(const MetricsTables& tables) {
  return last_with(tables, [](const EpochRecord& record) { return !record.confusion.empty(); });
}

// ---- JSON ---------------------------------------------------------------------------------------

Json epoch_json(const EpochRecord& epoch) {
  Json json = {{"epoch", epoch.epoch}, {"step", epoch.step}};
  for (const auto& column : kEvaluationColumns) {
    json[column.name] = number_or_null(epoch.*column.member);
  }
  return json;
}

Json layers_json(const MetricsTables& tables) {
  Json layers = Json::array();
  const EpochRecord* const last = last_with_layers(tables);
  if (last == nullptr) return layers;
  for (const LayerRecord& layer : last->layers) {
    Json json = {{"layer", layer.layer}, {"step", last->step}};
    for (const auto& column : kLayerColumns) {
      json[column.name] = number_or_null(layer.*column.member);
    }
    layers.push_back(std::move(json));
  }
  return layers;
}

Json last_classes_json(const MetricsTables& tables) {
  const EpochRecord* const last = last_with_confusion(tables);
  return last == nullptr ? Json::array() : per_class_json(class_counts(last->confusion));
}

// ---- Text ---------------------------------------------------------------------------------------

void print_curve(const Console& console, std::string_view name, const std::vector<double>& values,
                 std::string (*text)(double)) {
  if (values.size() < 2) return;
  console.result(fmt::format("{:<10} {} {} {}", name, text(values.front()),
                             sparkline(values, kCurveCells, sparkline_levels()),
                             text(values.back())));
}

// The values of the evaluations that measured the figure.
std::vector<double> evaluated(const MetricsTables& tables, double EpochRecord::*member) {
  std::vector<double> values;
  for (const EpochRecord& epoch : tables.epochs) {
    if (!std::isnan(epoch.*member)) values.push_back(epoch.*member);
  }
  return values;
}

void print_curves(const Console& console, const MetricsTables& tables) {
  std::vector<double> losses;
  for (const StepRecord& step : tables.steps) losses.push_back(step.loss);
  print_curve(console, "loss", losses, figure);
  for (const auto member : {&EpochRecord::test_accuracy, &EpochRecord::validation_accuracy,
                            &EpochRecord::train_accuracy}) {
    const std::vector<double> accuracies = evaluated(tables, member);
    if (accuracies.empty()) continue;
    return print_curve(console, "accuracy", accuracies, percent);
  }
}

// Headings in two rows: each set stands over the first of its figures.
void print_epoch_headings(const Console& console) {
  std::string sets(14, ' ');
  std::string measures = "epoch    step ";
  std::string before;
  for (const Column<EpochRecord>& column : kFigureColumns) {
    const auto [set, measure] = figure_name(column.name);
    sets += fmt::format("{:>11}", set == before ? "" : set);
    measures += fmt::format("{:>11}", measure);
    before = set;
  }
  sets.erase(sets.find_last_not_of(' ') + 1);
  console.result(console.bold(sets));
  console.result(console.bold(measures));
}

void print_epochs(const Console& console, const MetricsTables& tables) {
  console.result("");
  print_epoch_headings(console);
  for (const EpochRecord& epoch : tables.epochs) {
    std::string line = fmt::format("{:<6.4g} {:>6} ", epoch.epoch, epoch.step);
    for (const Column<EpochRecord>& column : kFigureColumns) {
      const double value = epoch.*column.member;
      line += fmt::format("{:>11}", column.is_share ? percent(value) : figure(value));
    }
    console.result(line);
  }
}

std::string small_figure(double value) {
  return std::isnan(value) ? "" : fmt::format("{:.2g}", value);
}

std::string share(double value) {
  return std::isnan(value) ? "" : fmt::format("{:.0f} %", 100 * value);
}

void print_layers(const Console& console, const MetricsTables& tables) {
  const EpochRecord* const last = last_with_layers(tables);
  if (last == nullptr) return;
  console.result("");
  console.result(console.bold(fmt::format("{:<14}{:>11}{:>10}{:>7}{:>7}{:>10}{:>11}{:>10}", "layer",
                                          "output rms", "mean", "zero", "dead", "gradient",
                                          "weight rms", "update")));
  for (const LayerRecord& layer : last->layers) {
    const double off = std::isnan(layer.dead_share) ? layer.saturated_share : layer.dead_share;
    std::string line =
        fmt::format("{:<14}{:>11}{:>10}{:>7}{:>7}{:>10}{:>11}{:>10}", shortened(layer.layer, 13),
                    small_figure(layer.activation_rms), small_figure(layer.activation_mean),
                    share(layer.zero_share), share(off), small_figure(layer.gradient_rms),
                    small_figure(layer.weight_rms), small_figure(layer.update_ratio));
    line.erase(line.find_last_not_of(' ') + 1);
    console.result(line);
  }
}

void print_classes(const Console& console, const MetricsTables& tables) {
  constexpr std::size_t kInALine = 5;
  const EpochRecord* const last = last_with_confusion(tables);
  if (last == nullptr) return;
  console.result("");
  console.result(console.bold(
      fmt::format("accuracy by class ({})", std::isnan(last->test_loss) ? "validation" : "test")));
  const std::vector<ClassCount> counts = class_counts(last->confusion);
  std::string line;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    line += fmt::format("{:>4} {:>9}", k, percent(counts[k].accuracy()));
    if ((k + 1) % kInALine != 0 && k + 1 != counts.size()) continue;
    console.result(line);
    line.clear();
  }
}

}  // namespace

nlohmann::ordered_json number_or_null(double value) {
  return std::isnan(value) ? Json() : Json(value);
}

Json metrics_json(const MetricsTables& tables) {
  Json epochs = Json::array();
  for (const EpochRecord& epoch : tables.epochs) epochs.push_back(epoch_json(epoch));
  Json last;
  if (!tables.steps.empty()) {
    const StepRecord& step = tables.steps.back();
    last = {{"step", step.step}};
    for (const auto& column : kStepColumns) {
      last[column.name] = number_or_null(step.*column.member);
    }
    last["digest"] = step.has_digest ? Json(step.digest.hex()) : Json();
  }
  return {{"steps", tables.steps.size()},
          {"last_step", last},
          {"epochs", epochs},
          {"layers", layers_json(tables)},
          {"per_class", last_classes_json(tables)}};
}

void print_metrics(const Console& console, const MetricsTables& tables) {
  if (tables.steps.empty()) {
    console.result("no steps recorded");
    return;
  }
  const StepRecord& last = tables.steps.back();
  console.result(fmt::format("steps      {} (last loss {})", last.step, figure(last.loss)));
  if (last.has_digest) console.result(fmt::format("digest     {}", last.digest.hex()));
  print_curves(console, tables);
  if (tables.epochs.empty()) return;
  print_epochs(console, tables);
  print_layers(console, tables);
  print_classes(console, tables);
}

void inspect_metrics(const Console& console, const std::filesystem::path& path) {
  const MetricsTables tables = read_metrics(path);
  if (console.json()) {
    Json json = metrics_json(tables);
    json["kind"] = "metrics";
    json["path"] = path.string();
    console.json_object(json.dump(2));
    return;
  }
  console.result(console.bold(fmt::format("metrics {}", path.string())));
  print_metrics(console, tables);
}

}  // namespace lockstep
