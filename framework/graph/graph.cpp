#include "framework/graph/graph.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lockstep {
namespace {

[[noreturn]] void refuse(const Location& where, const std::string& sentence,
                         const ErrorCode& code = errors::kGraph) {
  throw Error(code, fmt::format("{}: {}", where.to_string(), sentence));
}

const LayerType& find_type(const std::vector<LayerType>& types, const LayerSpec& spec) {
  const auto found = std::find_if(types.begin(), types.end(),
                                  [&](const LayerType& type) { return type.name == spec.type; });
  assert(found != types.end());  // the parser has refused unknown types
  return *found;
}

// Replaces the layer's own initialisers by those of the model file.
void override_initializers(const LayerSpec& spec, std::vector<ParameterSpec>& parameters) {
  for (const InitializerSpec& given : spec.initializers) {
    const auto found = std::find_if(
        parameters.begin(), parameters.end(),
        [&](const ParameterSpec& parameter) { return parameter.name == given.tensor; });
    if (found == parameters.end()) {
      std::vector<std::string> names;
      for (const ParameterSpec& parameter : parameters) names.push_back(parameter.name);
      refuse(given.location,
             fmt::format("layers.{}.init.{} initialises a tensor that this {} layer does not have; "
                         "it has {}.",
                         spec.name, given.tensor, spec.type,
                         names.empty() ? "none" : fmt::format("{}", fmt::join(names, " and "))));
    }
    found->initializer = given.initializer;
  }
}

// If these numbers are in range, everything the plan derives from them is in range, too.
void check_sizes(const GraphNode& node) {
  node.output_shape.size();
  for (const ParameterSpec& parameter : node.parameters) parameter.shape.size();
  node.layer->multiply_adds(node.input_shapes);
}

void find_shapes(const LayerSpec& spec, GraphNode& node) {
  try {
    node.output_shape = node.layer->output_shape(node.input_shapes);
    node.parameters = node.layer->parameters(node.input_shapes);
    check_sizes(node);
  } catch (const Error& error) {
    refuse(spec.location, fmt::format("layer '{}' ({}): {}", spec.name, spec.type, error.what()),
           error.code());
  }
}

void check_all_used(const GraphSpec& spec) {
  for (std::size_t i = 0; i + 1 < spec.layers.size(); ++i) {
    const std::string& name = spec.layers[i].name;
    const bool used = std::any_of(spec.layers.begin(), spec.layers.end(), [&](const auto& layer) {
      return std::find(layer.inputs.begin(), layer.inputs.end(), name) != layer.inputs.end();
    });
    if (!used) {
      refuse(
          spec.layers[i].location,
          fmt::format("the output of layer '{}' is never used: no layer below lists it among its "
                      "inputs, and only the last layer is the network's output; remove it or "
                      "join it in.",
                      name));
    }
  }
}

std::size_t value_number(const std::string& name, const std::vector<GraphNode>& nodes) {
  if (name == kInputName) return 0;
  const auto found = std::find_if(nodes.begin(), nodes.end(),
                                  [&](const GraphNode& node) { return node.name == name; });
  assert(found != nodes.end());
  return static_cast<std::size_t>(found - nodes.begin()) + 1;
}

Value shape_to_value(const Shape& shape) {
  std::vector<Value> extents;
  for (const Index extent : shape.extents()) extents.push_back(Value::integer(extent));
  return Value::sequence(std::move(extents));
}

Value inputs_to_value(const Graph& graph, const GraphNode& node) {
  std::vector<Value> names;
  for (const std::size_t input : node.inputs) {
    names.push_back(
        Value::string(input == 0 ? std::string(kInputName) : graph.nodes()[input - 1].name));
  }
  return Value::sequence(std::move(names));
}

Value layer_to_value(const Graph& graph, std::size_t position) {
  const GraphNode& node = graph.nodes()[position];
  Value layer = Value::mapping();
  layer.set("name", Value::string(node.name));
  layer.set("type", Value::string(node.type));
  const bool reads_the_one_above = node.inputs == std::vector<std::size_t>{position};
  if (!reads_the_one_above) layer.set("inputs", inputs_to_value(graph, node));
  for (const Value::Entry& setting : node.settings.entries) layer.set(setting.key, setting.value);
  Value init = Value::mapping();
  for (const ParameterSpec& parameter : node.parameters) {
    init.set(parameter.name, to_value(parameter.initializer));
  }
  if (!init.entries.empty()) layer.set("init", std::move(init));
  return layer;
}

}  // namespace

Graph::Graph(const GraphSpec& spec) : name_(spec.name), input_shape_(spec.input) {
  check_all_used(spec);
  const std::vector<LayerType> types = all_layer_types();
  for (const LayerSpec& layer : spec.layers) {
    GraphNode node;
    node.name = layer.name;
    node.type = layer.type;
    SettingsReader settings(layer.settings, "layers." + layer.name);
    node.layer = find_type(types, layer).create(layer.name, settings);
    settings.finish();
    node.settings = settings.consumed();
    for (const std::string& input : layer.inputs) {
      node.inputs.push_back(value_number(input, nodes_));
      node.input_shapes.push_back(value_shape(node.inputs.back()));
    }
    find_shapes(layer, node);
    override_initializers(layer, node.parameters);
    nodes_.push_back(std::move(node));
  }
}

const Shape& Graph::value_shape(std::size_t value) const {
  return value == 0 ? input_shape_ : nodes_[value - 1].output_shape;
}

Index Graph::parameter_count() const {
  Index count = 0;
  for (const GraphNode& node : nodes_) {
    for (const ParameterSpec& parameter : node.parameters) count += parameter.shape.size();
  }
  return count;
}

Value to_value(const Graph& graph) {
  Value input = Value::mapping();
  input.set("shape", shape_to_value(graph.input_shape()));
  std::vector<Value> layers;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) layers.push_back(layer_to_value(graph, i));
  Value model = Value::mapping();
  model.set("name", Value::string(graph.name()));
  model.set("input", std::move(input));
  model.set("layers", Value::sequence(std::move(layers)));
  return model;
}

Index Graph::multiply_adds() const {
  Index count = 0;
  for (const GraphNode& node : nodes_) count += node.layer->multiply_adds(node.input_shapes);
  return count;
}

}  // namespace lockstep
