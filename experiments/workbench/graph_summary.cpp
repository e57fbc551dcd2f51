#include "experiments/workbench/graph_summary.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Json layer_json(const GraphNode& node) {
  Json arithmetic = Json::object();
  for (const ShapeArithmetic& line : node.layer->arithmetic(node.input_shapes)) {
    arithmetic[line.extent] = line.formula;
  }
  const auto extents = node.output_shape.extents();
  return {{"name", node.name},
          {"type", node.type},
          {"output_shape", std::vector<Index>(extents.begin(), extents.end())},
          {"parameters", parameters_of(node)},
          {"multiply_adds", node.layer->multiply_adds(node.input_shapes)},
          {"output_bytes", output_bytes(node)},
          {"arithmetic", arithmetic}};
}

}  // namespace

Index parameters_of(const GraphNode& node) {
  Index count = 0;
  for (const ParameterSpec& parameter : node.parameters) count += parameter.shape.size();
  return count;
}

Index output_bytes(const GraphNode& node) {
  return node.output_shape.size() * static_cast<Index>(sizeof(float));
}

std::vector<std::string> arithmetic_lines(const GraphNode& node) {
  const std::vector<ShapeArithmetic> arithmetic = node.layer->arithmetic(node.input_shapes);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < arithmetic.size(); ++i) {
    std::string extent = arithmetic[i].extent;
    while (i + 1 < arithmetic.size() && arithmetic[i + 1].formula == arithmetic[i].formula) {
      extent += ", " + arithmetic[++i].extent;
    }
    lines.push_back(fmt::format("{}: {}", extent, arithmetic[i].formula));
  }
  return lines;
}

Json graph_json(const Graph& graph) {
  Json layers = Json::array();
  for (const GraphNode& node : graph.nodes()) layers.push_back(layer_json(node));
  const auto input = graph.input_shape().extents();
  return {{"model", graph.name()},
          {"input_shape", std::vector<Index>(input.begin(), input.end())},
          {"parameters", graph.parameter_count()},
          {"multiply_adds", graph.multiply_adds()},
          {"layers", layers}};
}

}  // namespace lockstep
