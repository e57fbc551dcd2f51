#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "framework/storage/metrics/metrics.hpp"

namespace lockstep {

/// Which steps a curve is drawn through: all where they are at most `most`, else the first, the
/// last, and of each of most / 4 equal stretches those with the least and the largest loss and
/// gradient norm, so that no spike is lost. Rising positions.
std::vector<std::size_t> drawn_steps(std::span<const StepRecord> steps, std::size_t most);

/// The columns of steps and evaluations that are drawn, figures in full precision.
nlohmann::ordered_json curves_json(const MetricsTables& tables);

}  // namespace lockstep
