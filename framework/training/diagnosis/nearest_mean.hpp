#pragma once

#include <span>

#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// How well raw inputs tell the classes apart: accuracy of the nearest class mean, taken over the
/// samples of `fit`, on those of `test` (at least one). Classes that `fit` lacks are never guessed;
/// of means that are equally near the first class is taken.
double nearest_mean_accuracy(const Dataset& dataset, std::span<const Index> fit,
                             std::span<const Index> test);

}  // namespace lockstep
