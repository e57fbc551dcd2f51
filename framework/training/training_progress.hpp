#pragma once

#include "framework/core/shape.hpp"

namespace lockstep {

/// Everything that a run needs to go on, beside parameters and optimizer state.
struct TrainingProgress {
  Index step = 0;  ///< steps done
  Index samples_seen = 0;
  double train_seconds = 0;  ///< without loading, evaluation and checkpoints
  // Sums over the steps of the running epoch so far.
  Index epoch_samples = 0;
  Index epoch_correct = 0;
  double epoch_loss = 0;
  // The best validation accuracy so far. Step 0: none was measured.
  double best_accuracy = 0;
  Index best_step = 0;
};

}  // namespace lockstep
