#pragma once

// What can be said about the layers of a network, as `describe` prints and `report` shows it.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "framework/graph/graph.hpp"

namespace lockstep {

Index parameters_of(const GraphNode& node);
/// Bytes of one sample's output.
Index output_bytes(const GraphNode& node);
/// "rows, columns: (28 + 2*0 - 5)/1 + 1 = 24": extents with the same formula share a line.
std::vector<std::string> arithmetic_lines(const GraphNode& node);

nlohmann::ordered_json graph_json(const Graph& graph);

}  // namespace lockstep
