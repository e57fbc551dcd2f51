#pragma once

#include <span>

#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// How well raw inputs tell the classes apart: the accuracy of the nearest class mean, with means
/// taken over the samples of `fit`, on the samples of `test` (at least one). Classes that `fit`
/// lacks are never guessed. Of equally near means the first class counts.
double nearest_mean_accuracy(const Dataset& dataset, std::span<const Index> fit,
                             std::span<const Index> test);

}  // namespace lockstep
