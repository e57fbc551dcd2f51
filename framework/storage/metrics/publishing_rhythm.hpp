#pragma once

#include "framework/core/shape.hpp"

namespace lockstep {

/// Says when a file that grows with a run is written anew, so that all its versions together take
/// at most a hundredth of the time so far. The longer a version takes, the more rarely it comes.
class PublishingRhythm {
 public:
  /// @param now  the run's beginning, in seconds since any fixed moment
  explicit PublishingRhythm(double now) : begun_(now), published_(now) {}

  /// Whether writing so many rows keeps within the hundredth, as far as the last version tells.
  bool is_affordable(double now, Index rows) const;

  /// Whether it is also 10 s ago, or more, that the file was written or the run began.
  bool is_due(double now, Index rows) const;

  /// A version with so many rows was written.
  void on_published(double began, double ended, Index rows);

 private:
  double begun_;
  double published_;  ///< when the last version was finished
  double spent_ = 0;  ///< seconds, on all versions
  // The last version; before the first, what one without rows takes on an ordinary disk.
  double seconds_ = 0.01;
  Index rows_ = 0;
};

}  // namespace lockstep
