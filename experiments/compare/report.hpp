#pragma once

#include <string>

#include "experiments/compare/comparison.hpp"
#include "experiments/program/console.hpp"

namespace lockstep {

/// The object of --json.
std::string to_json(const Comparison& comparison);

/// Prints what differs, side by side.
void report_comparison(const Console& console, const Comparison& comparison);

}  // namespace lockstep
