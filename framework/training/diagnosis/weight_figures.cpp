#include "framework/training/diagnosis/weight_figures.hpp"

#include <algorithm>
#include <cmath>

#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {
namespace {

double square(double x) { return x * x; }

bool has_equal_rows(std::span<const float> tensor, std::size_t rows) {
  const std::size_t size = tensor.size() / rows;
  for (std::size_t row = 1; row < rows; ++row) {
    if (!std::ranges::equal(tensor.subspan(row * size, size), tensor.first(size))) return false;
  }
  return rows > 1;
}

}  // namespace

double root_mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += square(static_cast<double>(value));
  return std::sqrt(sum / static_cast<double>(values.size()));
}

double update_ratio(std::span<const float> before, std::span<const float> now) {
  double moved = 0;
  double size = 0;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto x = static_cast<double>(before[i]);
    moved += square(static_cast<double>(now[i]) - x);
    size += square(x);
  }
  return size == 0 ? kNotMeasured : std::sqrt(moved / size);
}

bool has_equal_units(std::span<const float> weights, std::span<const float> gradient,
                     std::size_t units) {
  return has_equal_rows(weights, units) && has_equal_rows(gradient, units);
}

}  // namespace lockstep
