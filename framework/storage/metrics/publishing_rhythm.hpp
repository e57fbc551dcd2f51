#pragma once

#include "framework/core/shape.hpp"

namespace lockstep {

/// Decides when a file that grows with a run is written again, so that all its versions together
/// take at most a hundredth of the time so far. The longer a version takes, the rarer they become.
class PublishingRhythm {
 public:
  /// @param now  when the run began, in seconds since any fixed moment
  explicit PublishingRhythm(double now) : begun_(now), published_(now) {}

  /// Whether writing this many rows stays within the hundredth, judging by the last version.
  bool is_affordable(double now, Index rows) const;

  /// Whether, in addition, at least 10 s have passed since the last version or the beginning.
  bool is_due(double now, Index rows) const;

  /// Takes note of a version with this many rows.
  void on_published(double began, double ended, Index rows);

 private:
  double begun_;
  double published_;  ///< when the last version was finished
  double spent_ = 0;  ///< seconds, for all versions
  // Of the last version. Before the first, what a version without rows takes on an ordinary disk.
  double seconds_ = 0.01;
  Index rows_ = 0;
};

}  // namespace lockstep
