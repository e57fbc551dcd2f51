#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "framework/storage/metrics/metrics.hpp"

namespace lockstep {

/// The steps that a curve is drawn through, in rising order. All, if there are at most `most`.
/// Otherwise the first and the last, and from each of most / 4 equal stretches the steps with the
/// least and the largest loss and gradient norm, so that no spike is lost.
std::vector<std::size_t> drawn_steps(std::span<const StepRecord> steps, std::size_t most);

/// The columns of steps and evaluations that are drawn, in full precision.
nlohmann::ordered_json curves_json(const MetricsTables& tables);

}  // namespace lockstep
