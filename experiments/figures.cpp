#include "experiments/figures.hpp"

#include <cmath>

#include <fmt/format.h>

namespace lockstep {

std::string figure(double value) {
  constexpr double kFirstShortened = 1e4;
  if (std::isnan(value)) return "-";
  return std::abs(value) < kFirstShortened ? fmt::format("{:.4f}", value)
                                           : fmt::format("{:.4g}", value);
}

std::string percent(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.2f} %", 100 * share);
}

std::string count_of(Index number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace lockstep
