#pragma once

// The figures of steps, evaluations and layers, listed once. Journal, HDF5 files, CSV, report,
// comparison and replay go through these lists. A new figure is a member of its record and an entry
// here with `may_be_missing`, because files written before it lack the figure.

#include <algorithm>
#include <array>
#include <cstddef>

#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// One figure of a record: its name in every file, its unit and its meaning.
template <typename Record>
struct Column {
  const char* name;
  double Record::*member;
  const char* units;
  const char* long_name;
  bool is_share = false;        ///< from 0 to 1, shown in per cent
  bool repeats = false;         ///< training again gives the same bits
  bool may_be_missing = false;  ///< files of earlier versions do not have it
};

/// The columns of several lists, one list after the other.
template <typename Record, std::size_t... kSizes>
constexpr auto joined(const std::array<Column<Record>, kSizes>&... lists) {
  std::array<Column<Record>, (kSizes + ...)> all{};
  auto next = all.begin();
  ((next = std::ranges::copy(lists, next).out), ...);
  return all;
}

/// The columns of a curve in a sweep's index.
inline constexpr auto kCurveColumns = std::to_array<Column<StepRecord>>({
    {.name = "epoch",
     .member = &StepRecord::epoch,
     .units = "1",
     .long_name = "epochs done, fractions included",
     .repeats = true},
    {.name = "loss",
     .member = &StepRecord::loss,
     .units = "nat",
     .long_name = "mean training loss of the step's batch",
     .repeats = true},
    {.name = "learning_rate",
     .member = &StepRecord::learning_rate,
     .units = "1",
     .long_name = "learning rate",
     .repeats = true},
});

/// All figures of a step. A new figure goes to the end.
inline constexpr auto kStepColumns =
    joined(kCurveColumns,
           std::to_array<Column<StepRecord>>({
               {.name = "gradient_norm",
                .member = &StepRecord::gradient_norm,
                .units = "1",
                .long_name = "Euclidean norm of the mean gradient, before decay and clipping",
                .repeats = true},
               {.name = "images_per_second",
                .member = &StepRecord::images_per_second,
                .units = "1/s",
                .long_name = "training speed"},
           }));

/// The axis that evaluations are drawn over.
inline constexpr auto kEpochAxis = std::to_array<Column<EpochRecord>>({
    {.name = "epoch",
     .member = &EpochRecord::epoch,
     .units = "1",
     .long_name = "epochs done, fractions included"},
});

/// The losses and accuracies of an evaluation.
inline constexpr auto kFigureColumns = std::to_array<Column<EpochRecord>>({
    {.name = "train_loss",
     .member = &EpochRecord::train_loss,
     .units = "nat",
     .long_name = "mean training loss of the epoch's steps so far"},
    {.name = "train_accuracy",
     .member = &EpochRecord::train_accuracy,
     .units = "1",
     .long_name = "training accuracy of the epoch's steps so far",
     .is_share = true},
    {.name = "validation_loss",
     .member = &EpochRecord::validation_loss,
     .units = "nat",
     .long_name = "mean loss on the validation set"},
    {.name = "validation_accuracy",
     .member = &EpochRecord::validation_accuracy,
     .units = "1",
     .long_name = "accuracy on the validation set",
     .is_share = true},
    {.name = "test_loss",
     .member = &EpochRecord::test_loss,
     .units = "nat",
     .long_name = "mean loss on the test set"},
    {.name = "test_accuracy",
     .member = &EpochRecord::test_accuracy,
     .units = "1",
     .long_name = "accuracy on the test set",
     .is_share = true},
});

/// All figures of an evaluation except the axis.
inline constexpr auto kEvaluationColumns =
    joined(kFigureColumns, std::to_array<Column<EpochRecord>>({
                               {.name = "seconds",
                                .member = &EpochRecord::seconds,
                                .units = "s",
                                .long_name = "training time since the start of the run"},
                           }));

inline constexpr auto kEpochColumns = joined(kEpochAxis, kEvaluationColumns);

/// Figures of a layer: of its output for the samples that an evaluation looks at, and of its
/// parameters and the last step.
inline constexpr auto kLayerColumns = std::to_array<Column<LayerRecord>>({
    {.name = "activation_rms",
     .member = &LayerRecord::activation_rms,
     .units = "1",
     .long_name = "root mean square of the layer's output"},
    {.name = "activation_mean",
     .member = &LayerRecord::activation_mean,
     .units = "1",
     .long_name = "mean of the layer's output",
     .may_be_missing = true},
    {.name = "zero_share",
     .member = &LayerRecord::zero_share,
     .units = "1",
     .long_name = "share of the layer's output that is zero",
     .is_share = true,
     .may_be_missing = true},
    {.name = "dead_share",
     .member = &LayerRecord::dead_share,
     .units = "1",
     .long_name = "rectifiers: share of units that are positive for no sample",
     .is_share = true,
     .may_be_missing = true},
    {.name = "saturated_share",
     .member = &LayerRecord::saturated_share,
     .units = "1",
     .long_name = "squashing functions: share of the layer's output within 2 % of a bound",
     .is_share = true,
     .may_be_missing = true},
    {.name = "gradient_rms",
     .member = &LayerRecord::gradient_rms,
     .units = "1",
     .long_name = "root mean square of the last step's mean gradient over all of the layer's "
                  "parameters, biases included, after clipping and before weight decay"},
    {.name = "weight_rms",
     .member = &LayerRecord::weight_rms,
     .units = "1",
     .long_name = "root mean square of the layer's weights, biases left out, after the last step, "
                  "weight_scale included",
     .may_be_missing = true},
    {.name = "update_ratio",
     .member = &LayerRecord::update_ratio,
     .units = "1",
     .long_name = "root mean square of the last step's change of the weights, as a part of theirs "
                  "before it",
     .may_be_missing = true},
});

}  // namespace lockstep
