#include "experiments/run/learning_warning.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "experiments/text/figures.hpp"

namespace lockstep {
namespace {

// "6 of 6 channels of 'relu1' are": how many units of the layer.
std::string part_of_units(const LayerWarning& warning, const Graph& graph) {
  const auto node = std::ranges::find(graph.nodes(), warning.layer, &GraphNode::name);
  const Shape& shape = node->output_shape;
  const auto part = std::lround(warning.measured * static_cast<double>(shape[0]));
  return fmt::format("{} of {} {} of '{}' {}", part, shape[0],
                     shape.rank() == 1 ? "units" : "channels", warning.layer,
                     part == 1 ? "is" : "are");
}

std::string found(const LayerWarning& warning, const Graph& graph) {
  switch (warning.problem) {
    case LayerProblem::equal_units:
      return fmt::format(
          "all units of '{}' have the same weights and gradients and so stay one unit",
          warning.layer);
    case LayerProblem::dead_relus:
      return fmt::format("{} dead (zero for every sample) and no longer learn",
                         part_of_units(warning, graph));
    case LayerProblem::saturated:
      return fmt::format(
          "{} of the outputs of '{}' lie within 2 % of a bound, where there is hardly any gradient",
          percent(warning.measured), warning.layer);
    case LayerProblem::update_too_large:
      return fmt::format(
          "a step changes the weights of '{}' by {} of their size, which undoes "
          "what they had learned",
          warning.layer, percent(warning.measured));
    case LayerProblem::update_too_small:
      break;
  }
  return fmt::format(
      "a step changes the weights of '{}' by only {:.1e} of their size, so that they hardly learn",
      warning.layer, warning.measured);
}

}  // namespace

std::string learning_warning(const LayerWarning& warning, const Graph& graph,
                             const std::string& check_line) {
  return fmt::format("at step {} {}: `{}` says what to change.", warning.step,
                     found(warning, graph), check_line);
}

}  // namespace lockstep
