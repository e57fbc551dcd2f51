#pragma once

// Every example of every registered layer, made and run: what the contract tests try.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "framework/core/settings.hpp"
#include "framework/layers/layer.hpp"
#include "tests/framework/layers/layer_run.hpp"

namespace lockstep::testing {

/// One example of one layer type, made.
struct Tried {
  const LayerType& type;
  const LayerExample& example;
  Value settings;
  std::unique_ptr<Layer> layer;
};

/// "conv2d filters=3 kernel=[3, 5] on 2x7x9"
std::string describe(const LayerType& type, const LayerExample& example);

/// All examples of all layer types, each named in the messages of failures.
void for_each_example(const std::function<void(const Tried&)>& check);

/// A run with random inputs, parameters and output gradients: the same for the same setup.
LayerRun prepared(const Tried& tried, const RunSetup& setup);
/// The same after forward and backward.
LayerRun finished(const Tried& tried, const RunSetup& setup);

/// Requires that two runs wrote the same bits, gradients of parameters included.
void check_same_results(const LayerRun& left, const LayerRun& right);

}  // namespace lockstep::testing
