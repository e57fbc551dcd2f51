#pragma once

// What a network has learned and what it makes of a sample, as pictures: signed bytes that are
// fractions of the largest magnitude.

#include <span>

#include <nlohmann/json_fwd.hpp>

#include "framework/graph/parameter_store.hpp"
#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// {"scale": largest magnitude, "values": base64 of round(127 v / scale) as signed bytes}
nlohmann::ordered_json quantized(std::span<const float> values);

/// The kernels of each convolution, (outputs, inputs, rows, columns), with scales applied. Of large
/// convolutions only the first outputs and inputs.
nlohmann::ordered_json kernels_json(const ParameterStore& parameters);

/// The outputs of each layer for each sample. Of large layers only the first channels.
/// @param samples  at most 16 positions in the data set
nlohmann::ordered_json feature_maps_json(const Graph& graph, const ParameterStore& parameters,
                                         const Dataset& dataset, std::span<const Index> samples);

}  // namespace lockstep
