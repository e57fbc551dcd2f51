#pragma once

// The columns of steps, evaluations and layers: each figure's name, unit and meaning, the same in
// every file that has it.

#include <array>
#include <span>

#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

/// One column of doubles: writers and readers go through the same lists.
template <typename Record>
struct Column {
  const char* name;
  double Record::*member;
  const char* units;
  const char* long_name;
  bool may_be_missing = false;  ///< files of earlier versions have it not
};

inline constexpr std::array<Column<StepRecord>, 5> kStepColumns = {{
    {"epoch", &StepRecord::epoch, "1", "epochs done, fractions included"},
    {"loss", &StepRecord::loss, "nat", "mean training loss of the step's batch"},
    {"learning_rate", &StepRecord::learning_rate, "1", "learning rate"},
    {"gradient_norm", &StepRecord::gradient_norm, "1",
     "Euclidean norm of the mean gradient, before decay and clipping"},
    {"images_per_second", &StepRecord::images_per_second, "1/s", "training speed"},
}};

/// Those of a curve: epoch, loss and learning rate.
inline constexpr auto kCurveColumns = std::span(kStepColumns).first<3>();

inline constexpr std::array<Column<EpochRecord>, 8> kEpochColumns = {{
    {"epoch", &EpochRecord::epoch, "1", "epochs done, fractions included"},
    {"train_loss", &EpochRecord::train_loss, "nat",
     "mean training loss of the epoch's steps so far"},
    {"train_accuracy", &EpochRecord::train_accuracy, "1",
     "training accuracy of the epoch's steps so far"},
    {"validation_loss", &EpochRecord::validation_loss, "nat", "mean loss on the validation set"},
    {"validation_accuracy", &EpochRecord::validation_accuracy, "1",
     "accuracy on the validation set"},
    {"test_loss", &EpochRecord::test_loss, "nat", "mean loss on the test set"},
    {"test_accuracy", &EpochRecord::test_accuracy, "1", "accuracy on the test set"},
    {"seconds", &EpochRecord::seconds, "s", "training time since the start of the run"},
}};

/// The losses and accuracies: all but epoch and seconds.
inline constexpr auto kFigureColumns = std::span(kEpochColumns).subspan<1, 6>();

inline constexpr std::array<Column<LayerRecord>, 8> kLayerColumns = {{
    {"activation_rms", &LayerRecord::activation_rms, "1", "root mean square of the layer's output"},
    {"activation_mean", &LayerRecord::activation_mean, "1", "mean of the layer's output", true},
    {"zero_share", &LayerRecord::zero_share, "1", "share of the layer's output that is zero", true},
    {"dead_share", &LayerRecord::dead_share, "1",
     "rectifiers: share of units that are positive for no sample", true},
    {"saturated_share", &LayerRecord::saturated_share, "1",
     "squashing functions: share of the layer's output within 2 % of a bound", true},
    {"gradient_rms", &LayerRecord::gradient_rms, "1",
     "root mean square of the gradient of the layer's parameters"},
    {"weight_rms", &LayerRecord::weight_rms, "1",
     "root mean square of the layer's weights, weight_scale included", true},
    {"update_ratio", &LayerRecord::update_ratio, "1",
     "root mean square of the last step's change of the weights, as a part of theirs before it",
     true},
}};

}  // namespace lockstep
