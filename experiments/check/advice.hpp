#pragma once

// What `check` advises, as overrides of an experiment.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/experiment_config.hpp"
#include "framework/graph/graph.hpp"
#include "framework/training/diagnosis/network_probe.hpp"

namespace lockstep {

/// A key of the experiment and what to set it to, as an override has it.
struct AdvisedChange {
  std::string key;
  std::string value;  ///< YAML in flow style

  std::string text() const { return key + "=" + value; }
};

/// "Set `a=1` and `b=2`."; without any: where to look instead
std::string in_words(const std::vector<AdvisedChange>& changes);

/// "model.layers.c1.init.weight"
std::string layer_key(std::string_view layer, std::string_view key);

/// The layer's first tensor of a role; null without one.
const ParameterSpec* tensor_of(const GraphNode& node, ParameterRole role);

/// Null: the layer has no weights.
const ParameterSpec* weight_of(const GraphNode& node);

/// The nearest layer upstream that has weights, this one included.
std::optional<std::size_t> source_of(const Graph& graph, std::size_t node);

/// Whether no layer behind it in the list has weights.
bool is_last(const Graph& graph, std::size_t node);

/// The deviation that keeps a signal's size: 2 / fan-in before rectifiers, 1 / fan-in at the end.
struct GoodWeights {
  std::string_view type;
  double gain;
  double deviation;
};
/// Of a layer that has weights.
GoodWeights good_weights(const Graph& graph, std::size_t node);

/// Weights more than so many times those keep no signal as it is.
inline constexpr double kLargeWeights = 3;

/// What of a layer's weights must change to become these; nothing where they are so already.
std::vector<AdvisedChange> better_weights(const Graph& graph, std::size_t node,
                                          std::string_view type);
/// The good ones.
std::vector<AdvisedChange> better_weights(const Graph& graph, std::size_t node);

/// Every sigmoid replaced by tanh.
std::vector<AdvisedChange> without_sigmoids(const Graph& graph);

/// data.normalize that gives each channel mean 0 and deviation 1.
/// @param data  section `data` of the experiment
AdvisedChange better_normalization(const Value& data, const NetworkFigures& measured);

}  // namespace lockstep
