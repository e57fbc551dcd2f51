#pragma once

#include <nlohmann/json_fwd.hpp>

#include "framework/graph/graph.hpp"
#include "framework/storage/metrics/metrics.hpp"

namespace lockstep {

/// The layer table as `describe` has it.
nlohmann::ordered_json layers_view(const Graph& graph);

/// The figures of layers: one row per layer, with each figure of the last evaluation that has them
/// and its course over all evaluations. Null if there are none.
nlohmann::ordered_json statistics_view(const MetricsTables& tables);

}  // namespace lockstep
