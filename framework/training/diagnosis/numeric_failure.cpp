#include "framework/training/diagnosis/numeric_failure.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

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

std::string first_state_not_finite(const ParameterLayout& layout, const Optimizer& optimizer) {
  for (const OptimizerBuffer& buffer : optimizer.buffers()) {
    for (std::size_t entry = 0; entry < layout.entries().size(); ++entry) {
      if (is_finite(layout, buffer.values.span(), entry)) continue;
      return fmt::format("in {} of '{}'", buffer.name, layout.entries()[entry].layer);
    }
  }
  return "";
}

std::string first_output_not_finite(const Graph& graph, std::span<const float> parameters,
                                    const Dataset& dataset, const Loss& loss) {
  constexpr Index kAtOnce = 64;
  for (Index first = 0; first < dataset.size(); first += kAtOnce) {
    std::vector<Index> samples(static_cast<std::size_t>(std::min(kAtOnce, dataset.size() - first)));
    std::iota(samples.begin(), samples.end(), first);
    const std::string where = first_output_not_finite(
        graph, {.parameters = parameters, .dataset = dataset, .samples = samples, .loss = loss});
    if (!where.empty()) return where;
  }
  return "";
}

}  // namespace lockstep
