#pragma once

// Where two trainings part: the first step, and the first tensor at the first checkpoint that shows
// it.

#include <optional>
#include <string>
#include <vector>

#include "experiments/compare/compared.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"

namespace lockstep {

/// A figure of one step that is not the same in both.
struct StepDifference {
  Index step = 0;
  std::string figure;  ///< "digest", "loss", ...; "steps" where one has no more
  std::string a;
  std::string b;
};

/// A tensor that is not the same in both, and its first element that is not.
struct TensorDifference {
  Index step = 0;      ///< of the checkpoint
  std::string layer;   ///< "c1"
  std::string tensor;  ///< "weight"; of the optimizer's state, "weight (first_moment)"
  Shape shape;         ///< in a
  Shape other;         ///< in b; where they differ, there is no element to name
  Index position = 0;  ///< of the first element that differs, row-major
  float a = 0;
  float b = 0;
  Index differing = 0;  ///< elements that differ
};

struct FirstDifference {
  std::optional<StepDifference> step;
  std::optional<TensorDifference> tensor;
  std::optional<StepDifference> number;  ///< of a checkpoint whose tensors are the same
  Index steps = 0;                       ///< that both have and that were compared
  Index checkpoints = 0;                 ///< likewise

  bool same() const { return !step && !tensor && !number && steps + checkpoints > 0; }
};

/// Whether two records are of the same step of the same training: the first figure whose bits
/// differ, the digest before all others. How fast the step was does not count.
std::optional<StepDifference> step_difference(const StepRecord& a, const StepRecord& b);

/// The first tensor whose bits differ, in the order of `a`: parameters, then state of the optimizer
/// that both have. A tensor that one of them has not, has no axes there. The step is left at 0.
std::optional<TensorDifference> first_tensor_difference(const Checkpoint& a, const Checkpoint& b);

/// The first number of the optimizer or of the training's state whose bits differ, of those that
/// training goes on from and both have; how long it took and what was the best so far are none.
std::optional<StepDifference> first_number_difference(const Checkpoint& a, const Checkpoint& b);

/// By the records of the steps that both have, then by the checkpoints that both have.
/// @throws Error (data) when a checkpoint is damaged
FirstDifference first_difference(const Compared& a, const Compared& b);

/// The place of an element, "[0, 3]".
std::vector<Index> index_of(const Shape& shape, Index position);

}  // namespace lockstep
