#pragma once

#include <string>
#include <vector>

#include "framework/storage/metrics/metrics.hpp"

namespace lockstep {

enum class CsvTable { steps, epochs, layers, confusion };

/// One of them, a heading and a line a row, numbers as short as they read back the same; a figure
/// that was not measured is left empty.
std::vector<std::string> csv_lines(const MetricsTables& tables, CsvTable table);

}  // namespace lockstep
