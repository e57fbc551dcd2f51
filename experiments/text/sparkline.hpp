#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// From low to high: blocks where the locale (LC_ALL, LC_CTYPE, LANG) is UTF-8, else ASCII.
std::vector<std::string_view> sparkline_levels();

/// Values as a line of at most `cells` characters, one the mean of a stretch of them; from the
/// lowest to the highest mean. Those that are not finite count for nothing; a stretch of them is a
/// blank.
std::string sparkline(std::span<const double> values, std::size_t cells,
                      std::span<const std::string_view> levels);

}  // namespace lockstep
