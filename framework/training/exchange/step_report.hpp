#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "framework/core/digest.hpp"
#include "framework/training/exchange/canonical_tree.hpp"
#include "framework/training/exchange/communicator.hpp"
#include "framework/training/exchange/training_request.hpp"

namespace lockstep {

/// What one micro-batch yields beside its gradient.
struct MicroBatchResult {
  double loss = 0;  ///< summed over its samples in order
  Index correct = 0;
  Index samples = 0;
};

/// What a rank tells the others with the last message of a step.
struct StepReport {
  Index step = 0;  ///< counted from 1; the same on every rank
  TrainingRequest request = TrainingRequest::none;
  std::optional<Digest> weights{};  ///< from before the step; present on every rank or on none
};

/// The reports of all ranks for one step, as bytes that travel: each rank's StepReport, followed by
/// the results of its micro-batches.
class StepReports {
 public:
  /// @param owned  micro-batches of each rank
  explicit StepReports(std::vector<LeafRange> owned);

  std::span<std::byte> bytes() { return bytes_; }
  std::span<const MessagePart> parts() const { return parts_; }  ///< one per rank

  void write(int rank, const StepReport& report, std::span<const MicroBatchResult> results);

  /// Fills in the results of all micro-batches.
  /// @return the weightiest request of all ranks
  /// @throws CollectiveError, the same on every rank: (peer) if a rank is at another step than rank
  ///         0, (numeric) if its weights differ
  TrainingRequest read(std::span<MicroBatchResult> results);

 private:
  std::vector<LeafRange> owned_;
  std::vector<MessagePart> parts_;
  std::vector<std::byte> bytes_;
  std::vector<Digest> digests_;

  StepReport report_of(std::size_t rank) const;
};

}  // namespace lockstep
