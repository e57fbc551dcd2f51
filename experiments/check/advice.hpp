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

/// A key of the experiment and the value to set, in the form of an override.
struct AdvisedChange {
  std::string key;
  std::string value;  ///< YAML in flow style

  std::string text() const { return key + "=" + value; }
};

/// "Set `a=1` and `b=2`."; if there are no changes, where to look instead
std::string in_words(const std::vector<AdvisedChange>& changes);

/// "model.layers.c1.init.weight"
std::string layer_key(std::string_view layer, std::string_view key);

/// The layer's first tensor with this role; null if there is none.
const ParameterSpec* tensor_of(const GraphNode& node, ParameterRole role);

/// Null: the layer has no weights.
const ParameterSpec* weight_of(const GraphNode& node);

/// The nearest layer upstream that has weights; this layer itself counts.
std::optional<std::size_t> source_of(const Graph& graph, std::size_t node);

/// Whether no later layer in the list has weights.
bool is_last(const Graph& graph, std::size_t node);

/// The deviation of weights that keeps a signal's size: variance 2 / fan-in before rectifiers, 1 /
/// fan-in at the end.
struct GoodWeights {
  std::string_view type;
  double gain;
  double deviation;
};
/// The good weights of a layer that has weights.
GoodWeights good_weights(const Graph& graph, std::size_t node);

/// Weights larger than this many times the good ones do not keep a signal's size.
inline constexpr double kLargeWeights = 3;

/// What must change in a layer's weights so that they become these; empty if they are already.
std::vector<AdvisedChange> better_weights(const Graph& graph, std::size_t node,
                                          std::string_view type);
/// The same for the good weights.
std::vector<AdvisedChange> better_weights(const Graph& graph, std::size_t node);

/// Replaces every sigmoid by tanh.
std::vector<AdvisedChange> without_sigmoids(const Graph& graph);

/// The data.normalize that gives each channel mean 0 and deviation 1.
/// @param data  section `data` of the experiment
AdvisedChange better_normalization(const Value& data, const NetworkFigures& measured);

}  // namespace lockstep
