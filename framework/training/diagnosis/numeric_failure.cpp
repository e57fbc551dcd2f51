#include "framework/training/diagnosis/numeric_failure.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace lockstep {
namespace {

bool is_finite(const ParameterLayout& layout, std::span<const float> flat, std::size_t entry) {
  return std::ranges::all_of(layout.view(flat, entry), [](float x) { return std::isfinite(x); });
}

}  // namespace

std::string first_output_not_finite(const Graph& graph, const Examination& batch) {
  const NetworkFigures figures = probe_network(graph, batch);
  if (!std::isfinite(figures.input_rms)) return "first in the images";
  const auto found = std::ranges::find(figures.layers, false, &LayerFigures::is_finite);
  return found == figures.layers.end() ? ""
                                       : fmt::format("first in the output of '{}'", found->layer);
}

std::string first_gradient_not_finite(const ParameterLayout& layout,
                                      std::span<const float> gradient) {
  for (std::size_t entry = layout.entries().size(); entry-- > 0;) {
    if (is_finite(layout, gradient, entry)) continue;
    return fmt::format("first in the gradient of '{}'", layout.entries()[entry].layer);
  }
  return "";
}

std::string first_weights_not_finite(const ParameterLayout& layout, std::span<const float> values) {
  for (std::size_t entry = 0; entry < layout.entries().size(); ++entry) {
    if (is_finite(layout, values, entry)) continue;
    return fmt::format("first in the weights of '{}'", layout.entries()[entry].layer);
  }
  return "";
}

}  // namespace lockstep
