#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/command.hpp"
#include "experiments/figures.hpp"
#include "experiments/workbench.hpp"
#include "framework/config/model_file.hpp"
#include "framework/config/overrides.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Index parameters_of(const GraphNode& node) {
  Index count = 0;
  for (const ParameterSpec& parameter : node.parameters) count += parameter.shape.size();
  return count;
}

// Of one sample's output.
Index output_bytes(const GraphNode& node) {
  return node.output_shape.size() * static_cast<Index>(sizeof(float));
}

std::string bytes_text(Index bytes) {
  return bytes < 1024 ? fmt::format("{} B", bytes)
                      : fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
}

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

// Columns wide enough for the longest name of this graph.
struct Widths {
  std::size_t name = 5;
  std::size_t type = 4;
  std::size_t shape = 6;
};

Widths widths_of(const Graph& graph) {
  Widths widths;
  widths.shape = std::max(widths.shape, graph.input_shape().to_string().size());
  for (const GraphNode& node : graph.nodes()) {
    widths.name = std::max(widths.name, node.name.size());
    widths.type = std::max(widths.type, node.type.size());
    widths.shape = std::max(widths.shape, node.output_shape.to_string().size());
  }
  return widths;
}

struct Row {
  std::string name, type, shape, parameters, multiply_adds, memory;
};

std::string row_text(const Widths& widths, const Row& row) {
  return fmt::format("{:<{}}  {:<{}}  {:>{}}  {:>10}  {:>13}  {:>9}", row.name, widths.name,
                     row.type, widths.type, row.shape, widths.shape, row.parameters,
                     row.multiply_adds, row.memory);
}

// The formulas of a layer; two that are the same share a line.
std::vector<std::string> arithmetic_lines(const GraphNode& node) {
  const std::vector<ShapeArithmetic> arithmetic = node.layer->arithmetic(node.input_shapes);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < arithmetic.size(); ++i) {
    std::string extent = arithmetic[i].extent;
    while (i + 1 < arithmetic.size() && arithmetic[i + 1].formula == arithmetic[i].formula) {
      extent += ", " + arithmetic[++i].extent;
    }
    lines.push_back(fmt::format("    {}: {}", extent, arithmetic[i].formula));
  }
  return lines;
}

void print_graph(const Console& console, const Graph& graph) {
  const Widths widths = widths_of(graph);
  console.result(fmt::format("{}: {} parameters, {} multiply-adds an image (forward)",
                             console.bold(graph.name()), thousands(graph.parameter_count()),
                             thousands(graph.multiply_adds())));
  console.result("");
  console.result(console.bold(
      row_text(widths, {"layer", "type", "output", "parameters", "multiply-adds", "memory"})));
  console.result(row_text(widths, {"input", "", graph.input_shape().to_string(), "", "", ""}));
  for (const GraphNode& node : graph.nodes()) {
    console.result(row_text(
        widths,
        {node.name, node.type, node.output_shape.to_string(), thousands(parameters_of(node)),
         thousands(node.layer->multiply_adds(node.input_shapes)), bytes_text(output_bytes(node))}));
    for (const std::string& line : arithmetic_lines(node)) console.result(line);
  }
}

class DescribeCommand final : public Command {
 public:
  std::string_view name() const override { return "describe"; }
  std::string_view summary() const override {
    return "Show every layer's output shape with its arithmetic, parameters and work";
  }
  std::string_view notes() const override {
    return "Memory is that of one image's output in float32. Overrides: "
           "model.layers.NAME.key=value "
           "(the leading 'model.' may be left out for a model file).";
  }
  void add_options(OptionList& list) override {
    list.argument("MODEL|EXPERIMENT", file_, "A model file or an experiment file");
    list.overrides(overrides_, "key.path=value, for an experiment");
  }

  int run(const CommandContext& context) override {
    std::unique_ptr<const Graph> graph;
    fail_together(context.communicator(), [&] { graph = build_graph(load()); });
    context.console.json_object(graph_json(*graph).dump(2));
    print_graph(context.console, *graph);
    return 0;
  }

 private:
  std::string file_;
  std::vector<std::string> overrides_;

  // The model of either kind of file, overrides put in.
  Value load() const {
    Value document = read_yaml_file(file_);
    if (document_kind(document) != DocumentKind::model) {
      return load_experiment(file_, overrides_).model;
    }
    for (const std::string& text : overrides_) {
      Override change = parse_override(text);
      if (change.path.front() == "model") change.path.erase(change.path.begin());
      apply_override(document, change);
    }
    return document;
  }
};

}  // namespace

std::unique_ptr<Command> make_describe_command() { return std::make_unique<DescribeCommand>(); }

}  // namespace lockstep
