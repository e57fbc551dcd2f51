#pragma once

#include <memory>
#include <string>
#include <vector>

#include "framework/core/shape.hpp"
#include "framework/graph/graph_spec.hpp"
#include "framework/layers/layer.hpp"

namespace lockstep {

/// One layer in its place: what it reads, and all shapes around it.
struct GraphNode {
  std::string name;
  std::string type;
  std::unique_ptr<const Layer> layer;
  std::vector<std::size_t> inputs;  ///< value numbers: 0 is the input, i + 1 the output of node i
  std::vector<Shape> input_shapes;
  Shape output_shape;
  Value settings;                         ///< the layer type's own settings, defaults written out
  std::vector<ParameterSpec> parameters;  ///< with the model file's initialisers applied
};

/// A directed acyclic graph of layers with all shapes worked out. Nodes are in execution order.
class Graph {
 public:
  /// @throws Error (usage) when shapes do not fit, a layer's settings are wrong, or a layer's
  ///         output is never used.
  explicit Graph(const GraphSpec& spec);

  const std::string& name() const { return name_; }
  const Shape& input_shape() const { return input_shape_; }
  const Shape& output_shape() const { return nodes_.back().output_shape; }
  const std::vector<GraphNode>& nodes() const { return nodes_; }

  /// Shape of value v: 0 is the input, i + 1 the output of node i.
  const Shape& value_shape(std::size_t value) const;

  Index parameter_count() const;
  Index multiply_adds() const;  ///< of one sample's forward pass

 private:
  std::string name_;
  Shape input_shape_;
  std::vector<GraphNode> nodes_;
};

/// The model with every default written out, the initialiser of each parameter included.
/// parse_graph_spec makes the same graph from it.
Value to_value(const Graph& graph);

}  // namespace lockstep
