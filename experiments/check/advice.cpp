#include "experiments/check/advice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lockstep {
namespace {

std::string numbers(const std::vector<double>& values) {
  std::vector<std::string> texts;
  for (const double value : values) texts.push_back(fmt::format("{:.4g}", value));
  return texts.size() == 1 ? texts.front() : fmt::format("[{}]", fmt::join(texts, ", "));
}

double of_channel(const std::vector<double>& values, std::size_t channel) {
  return values[values.size() == 1 ? 0 : channel];
}

// `mean` or `std` of data.normalize.
std::vector<double> normalization(const Value& data, std::string_view key, double otherwise) {
  const Value* const section = data.find("normalize");
  if (section == nullptr) return {otherwise};
  constexpr SettingsReader::Bounds kAny{-std::numeric_limits<double>::infinity(),
                                        std::numeric_limits<double>::infinity()};
  return SettingsReader(*section, "data.normalize").reals_or(key, kAny, {otherwise});
}

}  // namespace

std::string in_words(const std::vector<AdvisedChange>& changes) {
  if (changes.empty()) return "No layer before it has weights: look at its inputs.";
  std::vector<std::string> texts;
  for (const AdvisedChange& change : changes) texts.push_back("`" + change.text() + "`");
  return fmt::format("Set {}.", fmt::join(texts, " and "));
}

std::string layer_key(std::string_view layer, std::string_view key) {
  return fmt::format("model.layers.{}.{}", layer, key);
}

const ParameterSpec* tensor_of(const GraphNode& node, ParameterRole role) {
  const auto found = std::ranges::find(node.parameters, role, &ParameterSpec::role);
  return found == node.parameters.end() ? nullptr : &*found;
}

const ParameterSpec* weight_of(const GraphNode& node) {
  return tensor_of(node, ParameterRole::weight);
}

std::optional<std::size_t> source_of(const Graph& graph, std::size_t node) {
  while (weight_of(graph.nodes()[node]) == nullptr) {
    const std::size_t input = graph.nodes()[node].inputs.front();
    if (input == 0) return std::nullopt;
    node = input - 1;
  }
  return node;
}

bool is_last(const Graph& graph, std::size_t node) {
  const auto behind = std::span(graph.nodes()).subspan(node + 1);
  return std::ranges::none_of(behind,
                              [](const GraphNode& other) { return weight_of(other) != nullptr; });
}

GoodWeights good_weights(const Graph& graph, std::size_t node) {
  const auto fan_in = static_cast<double>(weight_of(graph.nodes()[node])->fan_in);
  if (is_last(graph, node)) return {"lecun_normal", 1, std::sqrt(1 / fan_in)};
  return {"he_normal", 2, std::sqrt(2 / fan_in)};
}

std::vector<AdvisedChange> better_weights(const Graph& graph, std::size_t node,
                                          std::string_view type) {
  const GraphNode& layer = graph.nodes()[node];
  const ParameterSpec& weight = *weight_of(layer);
  std::vector<AdvisedChange> changes;
  if (initializer_name(weight.initializer.kind) != type) {
    changes.push_back(
        {layer_key(layer.name, "init." + weight.name), fmt::format("{{type: {}}}", type)});
  }
  if (weight.scale != 1.0F) changes.push_back({layer_key(layer.name, "weight_scale"), "1"});
  return changes;
}

std::vector<AdvisedChange> better_weights(const Graph& graph, std::size_t node) {
  return better_weights(graph, node, good_weights(graph, node).type);
}

std::vector<AdvisedChange> without_sigmoids(const Graph& graph) {
  std::vector<AdvisedChange> changes;
  for (const GraphNode& node : graph.nodes()) {
    if (node.type == "sigmoid") changes.push_back({layer_key(node.name, "type"), "tanh"});
  }
  return changes;
}

AdvisedChange better_normalization(const Value& data, const NetworkFigures& measured) {
  const std::vector<double> old_mean = normalization(data, "mean", 0);
  const std::vector<double> old_deviation = normalization(data, "std", 1);
  std::vector<double> mean;
  std::vector<double> deviation;
  for (std::size_t c = 0; c < measured.input_mean.size(); ++c) {
    const double scale = of_channel(old_deviation, c);
    mean.push_back(of_channel(old_mean, c) + scale * measured.input_mean[c]);
    const double spread = scale * measured.input_std[c];
    deviation.push_back(spread > 0 ? spread : 1);
  }
  return {"data.normalize",
          fmt::format("{{mean: {}, std: {}}}", numbers(mean), numbers(deviation))};
}

}  // namespace lockstep
