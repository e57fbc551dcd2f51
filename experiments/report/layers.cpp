#include "experiments/report/layers.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/report/page.hpp"
#include "experiments/results/metrics_summary.hpp"
#include "experiments/text/figures.hpp"
#include "experiments/workbench/graph_summary.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

using LayerColumn = Column<LayerRecord>;

// The evaluations that looked at layers.
std::vector<const EpochRecord*> with_layers(const MetricsTables& tables) {
  std::vector<const EpochRecord*> records;
  for (const EpochRecord& record : tables.epochs) {
    if (!record.layers.empty()) records.push_back(&record);
  }
  return records;
}

std::vector<LayerColumn> measured_columns(const EpochRecord& record) {
  std::vector<LayerColumn> columns;
  for (const LayerColumn& column : kLayerColumns) {
    const bool is_measured = std::ranges::any_of(
        record.layers,
        [&column](const LayerRecord& layer) { return std::isfinite(layer.*column.member); });
    if (is_measured) columns.push_back(column);
  }
  return columns;
}

// Small and large figures stand side by side, so each has four digits.
std::string digits(double value) {
  return std::isfinite(value) ? fmt::format("{:.4g}", value) : "";
}

// A layer's figure at every evaluation.
std::vector<double> course_of(const std::vector<const EpochRecord*>& records,
                              const std::string& layer, double LayerRecord::*member) {
  std::vector<double> course;
  for (const EpochRecord* const record : records) {
    const auto found = std::ranges::find(record->layers, layer, &LayerRecord::layer);
    course.push_back(found == record->layers.end() ? kNotMeasured : (*found).*member);
  }
  return course;
}

Json cell_of(const std::string& name, const std::vector<double>& course) {
  const double last = course.back();
  Json cell = number_cell(name, number_or_null(last), digits(last));
  cell["course"] = Json(course).dump();
  cell["is_drawn"] = course.size() > 1 && std::isfinite(last);
  return cell;
}

}  // namespace

Json layers_view(const Graph& graph) {
  Json layers = Json::array();
  for (const GraphNode& node : graph.nodes()) {
    const Index work = node.layer->multiply_adds(node.input_shapes);
    layers.push_back({{"number", layers.size()},
                      {"name", node.name},
                      {"type", node.type},
                      {"shape", node.output_shape.to_string()},
                      {"parameters", number_cell("parameters", parameters_of(node),
                                                 thousands(parameters_of(node)))},
                      {"multiply_adds", number_cell("multiply_adds", work, thousands(work))},
                      {"memory", number_cell("output_bytes", output_bytes(node),
                                             bytes_in_words(output_bytes(node)))},
                      {"arithmetic", arithmetic_lines(node)}});
  }
  return {{"model", graph.name()},
          {"input", graph.input_shape().to_string()},
          {"parameters",
           number_cell("parameters", graph.parameter_count(), thousands(graph.parameter_count()))},
          {"multiply_adds",
           number_cell("multiply_adds", graph.multiply_adds(), thousands(graph.multiply_adds()))},
          {"rows", layers}};
}

Json statistics_view(const MetricsTables& tables) {
  const std::vector<const EpochRecord*> records = with_layers(tables);
  if (records.empty()) return {};
  const std::vector<LayerColumn> columns = measured_columns(*records.back());
  Json heads = Json::array();
  for (const LayerColumn& column : columns) {
    heads.push_back({{"text", spelled_out(column.name)}, {"meaning", column.long_name}});
  }
  Json rows = Json::array();
  for (const LayerRecord& layer : records.back()->layers) {
    Json cells = Json::array();
    for (const LayerColumn& column : columns) {
      cells.push_back(cell_of(fmt::format("metrics.layers.{}.{}", rows.size(), column.name),
                              course_of(records, layer.layer, column.member)));
    }
    rows.push_back({{"layer", layer.layer}, {"cells", cells}});
  }
  return {{"columns", heads},
          {"rows", rows},
          {"evaluations", count_of(static_cast<Index>(records.size()), "evaluation")}};
}

}  // namespace lockstep
