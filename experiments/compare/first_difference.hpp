#pragma once

// Where two trainings part: the first step, and the first tensor in the first checkpoint that shows
// it.

#include <optional>
#include <string>
#include <vector>

#include "experiments/compare/compared.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"

namespace lockstep {

/// A figure of one step that differs.
struct StepDifference {
  Index step = 0;
  std::string figure;  ///< "digest", "loss", ...; "steps" if one has no more steps
  std::string a;
  std::string b;
};

/// A tensor that differs, and its first element that does.
struct TensorDifference {
  Index step = 0;      ///< of the checkpoint
  std::string layer;   ///< "c1"
  std::string tensor;  ///< "weight"; of the optimizer's state, "weight (first_moment)"
  Shape shape;         ///< in a
  Shape other;         ///< in b; if the shapes differ, no element is named
  Index position = 0;  ///< of the first element that differs, row-major
  float a = 0;
  float b = 0;
  Index differing = 0;  ///< elements that differ
};

struct FirstDifference {
  std::optional<StepDifference> step;
  std::optional<TensorDifference> tensor;
  std::optional<StepDifference> number;  ///< in checkpoints whose tensors are the same
  Index steps = 0;                       ///< steps that both have and that were compared
  Index checkpoints = 0;                 ///< checkpoints that both have and that were compared

  bool same() const { return !step && !tensor && !number && steps + checkpoints > 0; }
};

/// Compares two records of the same step. Returns the first figure whose bits differ, the digest
/// before all others. The speed of the step does not count.
std::optional<StepDifference> step_difference(const StepRecord& a, const StepRecord& b);

/// The first tensor whose bits differ, in the order of `a`: parameters, then state of the optimizer
/// that both have. If one of the two lacks a tensor, its shape has no axes. The step is left at 0.
std::optional<TensorDifference> first_tensor_difference(const Checkpoint& a, const Checkpoint& b);

/// The first number whose bits differ, among the numbers of the optimizer and of the training's
/// state that both have and that training goes on from. Training time and the best accuracy so far
/// do not count.
std::optional<StepDifference> first_number_difference(const Checkpoint& a, const Checkpoint& b);

/// Compares the records of the steps that both have, then the checkpoints that both have.
/// @throws Error (data) if a checkpoint is damaged
FirstDifference first_difference(const Compared& a, const Compared& b);

/// The place of an element as indices: [0, 3].
std::vector<Index> index_of(const Shape& shape, Index position);

}  // namespace lockstep
