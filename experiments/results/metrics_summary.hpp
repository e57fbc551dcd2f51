#pragma once

// How a training went, as `inspect` shows it, for a run or for a metrics file alone.

#include <filesystem>

#include <nlohmann/json_fwd.hpp>

#include "experiments/program/console.hpp"
#include "framework/storage/metrics/metrics.hpp"

namespace lockstep {

nlohmann::ordered_json metrics_json(const MetricsTables& tables);

/// Within 80 columns.
void print_metrics(const Console& console, const MetricsTables& tables);

void inspect_metrics(const Console& console, const std::filesystem::path& path);

/// A figure, or null where it was not measured.
nlohmann::ordered_json number_or_null(double value);

}  // namespace lockstep
