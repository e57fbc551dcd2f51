#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// A row of the confusion matrix: how many samples of a class there are, and how many were found.
struct ClassCount {
  Index samples = 0;
  Index correct = 0;

  double accuracy() const {
    return samples == 0 ? kNotMeasured
                        : static_cast<double>(correct) / static_cast<double>(samples);
  }
};

/// @param confusion  square, rows = truth
std::vector<ClassCount> class_counts(const std::vector<Index>& confusion);

/// class, samples, correct and accuracy of each class; accuracy is null for a class without samples
nlohmann::ordered_json per_class_json(const std::vector<ClassCount>& counts);

}  // namespace lockstep
