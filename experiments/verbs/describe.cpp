#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/program/command.hpp"
#include "experiments/program/experiment_file.hpp"
#include "experiments/text/figures.hpp"
#include "experiments/workbench/graph_summary.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/config/model_file.hpp"
#include "framework/config/overrides.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

std::string bytes_text(Index bytes) {
  return bytes < 1024 ? fmt::format("{} B", bytes)
                      : fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
}

// Columns wide enough for the longest name in this graph.
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

void print_graph(const Console& console, const Graph& graph) {
  const Widths widths = widths_of(graph);
  console.result(fmt::format("{}: {} parameters, {} multiply-adds per image (forward)",
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
    for (const std::string& line : arithmetic_lines(node)) console.result("    " + line);
  }
}

class DescribeCommand final : public Command {
 public:
  std::string_view name() const override { return "describe"; }
  std::string_view summary() const override {
    return "Show every layer's output shape with its arithmetic, parameters and work";
  }
  int place() const override { return 22; }
  std::vector<std::string_view> examples() const override {
    return {"describe models/lenet5.yaml",
            "describe experiments/quickstart.yaml model.layers.c1.filters=8"};
  }
  std::vector<std::string_view> refused() const override {
    return {"describe", "describe a.yaml --threads 0"};
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

  // The model of either kind of file, with overrides applied.
  Value load() const {
    Value document = read_yaml_file(file_);
    if (document_kind(document) != DocumentKind::model) {
      return read_experiment(file_, overrides_).model;
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

Verb describe_verb() { return std::make_unique<DescribeCommand>(); }

}  // namespace lockstep
