#pragma once

// The roofline model of one core: what work of some intensity can reach at most, and what it does.
// @see Williams, Waterman, Patterson 2009

#include <string>
#include <vector>

#include "experiments/bench/memory_bandwidth.hpp"

namespace lockstep {

enum class RooflinePhase { forward, backward };

struct RooflinePoint {
  std::string name;
  RooflinePhase phase;
  double intensity;  ///< operations a byte; above 0
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

/// An SVG picture, both axes logarithmic with the same scale; points of one name bear one number,
/// which the legend explains.
std::string draw_roofline(const Roofline& roofline);

}  // namespace lockstep
