#pragma once

#include <span>
#include <string>

#include "framework/graph/parameter_store.hpp"
#include "framework/training/diagnosis/network_probe.hpp"

namespace lockstep {

// Where numbers stopped being finite, for the middle of a sentence: "first in the output of 'c3'";
// empty where it cannot be told. Looked for once training has failed, never before.

/// @param batch  of the step that failed, with the parameters before it
std::string first_output_not_finite(const Graph& graph, const Examination& batch);

/// Gradients spoil one another from the output to the input. @param gradient  of all parameters
std::string first_gradient_not_finite(const ParameterLayout& layout,
                                      std::span<const float> gradient);

std::string first_weights_not_finite(const ParameterLayout& layout, std::span<const float> values);

}  // namespace lockstep
