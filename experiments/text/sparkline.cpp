#include "experiments/text/sparkline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace lockstep {
namespace {

bool is_utf8_locale() {
  for (const char* const variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale(value);
    // "UTF-8", "utf8" and "utf-8" mean the same: case and hyphen do not matter.
    return std::ranges::any_of(std::array{"UTF-8", "UTF8", "utf-8", "utf8"}, [&](const char* name) {
      return locale.find(name) != std::string_view::npos;
    });
  }
  return false;
}

double mean_of(std::span<const double> values) {
  double sum = 0;
  double count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  return sum / count;
}

}  // namespace

std::vector<std::string_view> sparkline_levels() {
  if (is_utf8_locale()) return {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  return {"_", ".", "-", "~", "=", "+", "*", "#"};
}

std::string sparkline(std::span<const double> values, std::size_t cells,
                      std::span<const std::string_view> levels) {
  cells = std::min(cells, values.size());
  std::vector<double> means;
  for (std::size_t i = 0; i < cells; ++i) {
    const std::size_t begin = values.size() * i / cells;
    means.push_back(mean_of(values.subspan(begin, values.size() * (i + 1) / cells - begin)));
  }
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const double mean : means) {
    if (std::isnan(mean)) continue;
    low = std::min(low, mean);
    high = std::max(high, mean);
  }
  std::string line;
  const auto highest = static_cast<double>(levels.size() - 1);
  for (const double mean : means) {
    const double part = high > low ? (mean - low) / (high - low) : 0;
    line += std::isnan(mean) ? " " : levels[static_cast<std::size_t>(std::lround(part * highest))];
  }
  return line;
}

}  // namespace lockstep
