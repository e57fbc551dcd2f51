#pragma once

#include <cstdint>

namespace lockstep {

/// What is asked of a run from outside, the weightier the larger.
enum class TrainingRequest : std::uint64_t {
  none,
  checkpoint,  ///< save one and go on
  stop,        ///< save one and end
};

/// Where the trainer of a rank learns of requests. What one rank is asked, all ranks do, after the
/// same step.
class RequestSource {
 public:
  virtual ~RequestSource() = default;

  /// What this rank is asked. A checkpoint is asked for once, a stop for good. Called once a step,
  /// by one thread at a time.
  virtual TrainingRequest take() = 0;
};

}  // namespace lockstep
