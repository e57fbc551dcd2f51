#pragma once

#include <string>
#include <vector>

#include "framework/storage/metrics/metrics.hpp"

namespace lockstep {

enum class CsvTable { steps, epochs, layers, confusion };

/// One table: a heading, and one line per row. Numbers have the shortest form that reads back to
/// the same value. A figure that was not measured is left empty.
std::vector<std::string> csv_lines(const MetricsTables& tables, CsvTable table);

}  // namespace lockstep
