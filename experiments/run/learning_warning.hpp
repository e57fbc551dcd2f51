#pragma once

#include <string>

#include "framework/graph/graph.hpp"
#include "framework/training/diagnosis/learning_monitor.hpp"

namespace lockstep {

/// A sentence about what the monitor has found.
/// @param check_line  the command that says what to change
std::string learning_warning(const LayerWarning& warning, const Graph& graph,
                             const std::string& check_line);

}  // namespace lockstep
