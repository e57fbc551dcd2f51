#pragma once

#include <span>
#include <string>

#include "framework/graph/parameter_store.hpp"
#include "framework/losses/loss.hpp"
#include "framework/optimizers/optimizer.hpp"
#include "framework/training/diagnosis/network_probe.hpp"
#include "framework/training/step/dataset.hpp"

namespace lockstep {

// Where numbers stopped being finite, as words for the middle of a sentence: "first in the output
// of 'c3'". Empty if it cannot be told. Searched for only after training has failed.

/// @param batch  of the failed step, with the parameters from before it
std::string first_output_not_finite(const Graph& graph, const Examination& batch);

/// Not-finite gradients spread from the output towards the input. @param gradient  of all
/// parameters
std::string first_gradient_not_finite(const ParameterLayout& layout,
                                      std::span<const float> gradient);

std::string first_weights_not_finite(const ParameterLayout& layout, std::span<const float> values);

/// The same for what an optimizer keeps: "in second_moment of 'c3'".
std::string first_state_not_finite(const ParameterLayout& layout, const Optimizer& optimizer);

/// For a whole data set whose results are not finite, searched from its first sample on.
/// @param parameters  flat, as stored
std::string first_output_not_finite(const Graph& graph, std::span<const float> parameters,
                                    const Dataset& dataset, const Loss& loss);

}  // namespace lockstep
