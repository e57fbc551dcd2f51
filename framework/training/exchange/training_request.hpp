#pragma once

#include <cstdint>

namespace lockstep {

/// What a run is asked from outside. A larger value has more weight.
enum class TrainingRequest : std::uint64_t {
  none,
  checkpoint,  ///< save a checkpoint and go on
  stop,        ///< save a checkpoint and end
};

/// Where the trainer of a rank learns of requests. If one rank is asked, all ranks comply after the
/// same step.
class RequestSource {
 public:
  virtual ~RequestSource() = default;

  /// The request to this rank. A checkpoint is requested once, a stop for good. Called once per
  /// step, by one thread at a time.
  virtual TrainingRequest take() = 0;
};

}  // namespace lockstep
