#pragma once

// The roofline model of one core: the most that work of a given intensity can reach, and what it
// does reach.
// @see Williams, Waterman, Patterson 2009

#include <string>
#include <vector>

#include "experiments/bench/memory_bandwidth.hpp"

namespace lockstep {

enum class RooflinePhase { forward, backward };

struct RooflinePoint {
  std::string name;
  RooflinePhase phase;
  double intensity;  ///< operations per byte; above 0
  double gflops;     ///< above 0
  double peak_fraction;
};

struct Roofline {
  std::string title;
  std::string subtitle;
  double peak_gflops;  ///< above 0
  std::vector<MemoryBandwidth> bandwidth;
  std::vector<RooflinePoint> points;
};

/// An SVG picture with both axes logarithmic and to the same scale. Points with the same name have
/// the same number, which the legend explains.
std::string draw_roofline(const Roofline& roofline);

}  // namespace lockstep
