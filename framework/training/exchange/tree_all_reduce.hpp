#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/training/exchange/all_reduce_plan.hpp"
#include "framework/training/exchange/communicator.hpp"

namespace lockstep {

/// Carries out all-reduces of one stretch of floats while this rank computes.
///
/// Threading contract: as its exchange's. Allocates nothing of its own once it has carried out each
/// plan once.
class TreeAllReduce {
 public:
  explicit TreeAllReduce(std::unique_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

  /// What is summed, and where the total goes; borrowed until the end.
  struct Operands {
    std::span<const std::span<const float>> subtrees;  ///< this rank's complete subtrees
    std::span<float> total;
    std::span<std::byte> reports = {};               ///< of all ranks; this rank's is filled in
    std::span<const MessagePart> report_parts = {};  ///< one per rank, without gaps
  };
  void start(const AllReducePlan& plan, const Operands& operands);

  /// Makes progress without waiting. @return whether the total and all reports have arrived
  bool progress();

 private:
  std::unique_ptr<Exchange> exchange_;
  AlignedBuffer<float> received_;
  std::vector<std::byte> packed_out_;  ///< messages with reports: reports first, then the numbers
  std::vector<std::byte> packed_in_;
  std::vector<OutgoingMessage> outgoing_;
  std::vector<IncomingMessage> incoming_;
  const AllReducePlan* plan_ = nullptr;
  Operands operands_{};
  std::size_t round_ = 0;

  const AllReduceRound& round() const { return plan_->rounds[round_]; }
  void start_round();
  void pack();
  void lay_out_incoming();
  void finish_round();
  void unpack();
  std::size_t packed_size(std::span<const PlannedMessage> messages) const;
  std::span<std::byte> reports_of(const LeafRange& ranks) const;
  std::span<const float> read(const Operand& operand) const;
  std::span<float> write(const Operand& operand);
};

}  // namespace lockstep
