#pragma once

// Which samples of an evaluated split a reader wants to see.

#include <cstddef>
#include <span>
#include <vector>

#include "framework/core/label.hpp"
#include "framework/core/shape.hpp"

namespace lockstep {

/// What a network says about labelled samples; borrows both.
struct JudgedSamples {
  std::span<const Label> labels;
  std::span<const float> probabilities;  ///< (samples, classes)

  Index size() const { return static_cast<Index>(labels.size()); }
  std::size_t classes() const { return labels.empty() ? 0 : probabilities.size() / labels.size(); }
  std::span<const float> of(Index sample) const {
    return probabilities.subspan(static_cast<std::size_t>(sample) * classes(), classes());
  }
  std::size_t truth(Index sample) const { return labels[static_cast<std::size_t>(sample)]; }
  /// The most probable class, the first among equals.
  std::size_t guess(Index sample) const;
  bool is_right(Index sample) const { return truth(sample) == guess(sample); }
  float certainty(Index sample) const { return of(sample)[guess(sample)]; }
};

/// At most `most` samples of each pair truth * classes + guess: the most certain mistakes, and the
/// least certain right answers.
std::vector<std::vector<Index>> samples_of_cells(const JudgedSamples& judged, std::size_t most);

/// The mistakes with the largest probability of the wrong class, largest first.
std::vector<Index> worst_mistakes(const JudgedSamples& judged, std::size_t most);

/// The first sample of each class that has samples, at most `most`.
std::vector<Index> first_of_classes(const JudgedSamples& judged, std::size_t most);

}  // namespace lockstep
