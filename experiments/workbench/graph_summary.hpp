#pragma once

// What there is to say about a network's layers, as `describe` prints it and `report` shows it.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "framework/graph/graph.hpp"

namespace lockstep {

Index parameters_of(const GraphNode& node);
/// Of one sample's output.
Index output_bytes(const GraphNode& node);
/// "rows, columns: (28 + 2*0 - 5)/1 + 1 = 24": extents with the same formula share a line.
std::vector<std::string> arithmetic_lines(const GraphNode& node);

nlohmann::ordered_json graph_json(const Graph& graph);

}  // namespace lockstep
