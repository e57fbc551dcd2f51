#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "framework/core/digest.hpp"
#include "framework/core/shape.hpp"

namespace lockstep {

inline constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

/// Exact figures of one pass over one split.
struct EvaluationResult {
  Index samples = 0;
  Index correct = 0;
  double loss_sum = 0;             ///< over all samples, on the canonical tree
  std::vector<Index> confusion{};  ///< classes x classes, rows = truth

  double accuracy() const {
    return samples == 0 ? kNotMeasured
                        : static_cast<double>(correct) / static_cast<double>(samples);
  }
  double loss() const {
    return samples == 0 ? kNotMeasured : loss_sum / static_cast<double>(samples);
  }
};

/// The classes of a confusion matrix, which is square and given flat.
inline Index confusion_classes(std::span<const Index> confusion) {
  Index classes = 0;
  while (classes * classes < static_cast<Index>(confusion.size())) ++classes;
  return classes;
}

/// What one training step records. record_columns.hpp lists its figures.
struct StepRecord {
  Index step = 0;    ///< counted from 1: steps done so far
  double epoch = 0;  ///< epochs done, fractions included
  double loss = 0;   ///< mean over the batch, before the update
  double learning_rate = 0;
  double gradient_norm = 0;  ///< of the mean gradient, before weight decay and clipping
  double images_per_second = 0;
  bool has_digest = false;
  Digest digest{};    ///< of the weights after the update
  Index samples = 0;  ///< in the batch; not stored in files
};

/// One layer, examined with one micro-batch at an evaluation. A figure that the layer does not have
/// is NaN.
struct LayerRecord {
  std::string layer;
  // Of its output; see ActivationFigures.
  double activation_rms = kNotMeasured;
  double activation_mean = kNotMeasured;
  double zero_share = kNotMeasured;
  double dead_share = kNotMeasured;
  double saturated_share = kNotMeasured;
  // Of its parameters and the last step before the evaluation.
  /// Of the mean gradient by all stored parameters, biases included; after clipping, before decay.
  double gradient_rms = kNotMeasured;
  /// Of the weights as the layer sees them, scale applied; without biases.
  double weight_rms = kNotMeasured;
  double update_ratio = kNotMeasured;  ///< the weights' change, as a part of the weights
  /// All units have the same weights and gradients, so they will always stay equal. Not stored in
  /// files.
  bool has_equal_units = false;
};

/// What one evaluation records. A figure that was not measured is NaN.
struct EpochRecord {
  double epoch = 0;
  Index step = 0;
  double train_loss = kNotMeasured;      ///< running mean over the epoch's steps so far
  double train_accuracy = kNotMeasured;  ///< likewise
  double validation_loss = kNotMeasured;
  double validation_accuracy = kNotMeasured;
  double test_loss = kNotMeasured;
  double test_accuracy = kNotMeasured;
  double seconds = 0;              ///< training time since the start of the run
  std::vector<Index> confusion{};  ///< of this evaluation, rows = truth; may be empty
  std::vector<LayerRecord> layers{};
};

}  // namespace lockstep
