#include "framework/training/evaluation/predictor.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace lockstep {

Predictor::Predictor(const Graph& graph, const ParameterLayout& layout,
                     std::span<const float> parameters, const Loss& loss)
    : loss_(loss),
      pass_(graph, layout, parameters),
      memory_((pass_.input().size() + 2 * pass_.output().size()) * kLanes + pass_.output().size()) {
  const std::size_t classes = pass_.output().size();
  float* next = memory_.span().data();
  const auto lanes_of = [&next](std::size_t features) {
    const LaneView view = blocked_view(next, features, 1);
    next += features * kLanes;
    return view;
  };
  gathered_ = lanes_of(pass_.input().size());
  outputs_ = lanes_of(classes);
  probability_lanes_ = lanes_of(classes);
  probabilities_ = {next, classes};
}

std::span<const float> Predictor::probabilities(std::span<const float> features) {
  assert(features.size() == pass_.input().size());
  std::ranges::copy(features, pass_.input().begin());
  return predict();
}

std::span<const float> Predictor::probabilities(const Dataset& dataset, Index sample) {
  std::array<Index, kLanes> samples{};
  samples.fill(sample);
  dataset.gather({.samples = samples}, gathered_);
  for (std::size_t f = 0; f < gathered_.features; ++f) pass_.input()[f] = *gathered_.at(f, 0);
  return predict();
}

std::span<const float> Predictor::predict() {
  pass_.forward();
  for (std::size_t k = 0; k < outputs_.features; ++k) {
    std::fill_n(outputs_.at(k, 0), kLanes, pass_.output()[k]);
  }
  loss_.probabilities(outputs_, probability_lanes_);
  for (std::size_t k = 0; k < outputs_.features; ++k) {
    probabilities_[k] = *probability_lanes_.at(k, 0);
  }
  return probabilities_;
}

}  // namespace lockstep
