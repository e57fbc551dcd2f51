#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// Levels from low to high: blocks if the locale (LC_ALL, LC_CTYPE, LANG) is UTF-8, else ASCII.
std::vector<std::string_view> sparkline_levels();

/// Values as a line of at most `cells` characters, from the lowest to the highest mean. Each
/// character is the mean of a stretch of values. Values that are not finite are ignored; a stretch
/// with no others is a blank.
std::string sparkline(std::span<const double> values, std::size_t cells,
                      std::span<const std::string_view> levels);

}  // namespace lockstep
