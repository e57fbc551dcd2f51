#include "framework/training/exchange/tree_all_reduce.hpp"

#include <algorithm>
#include <cassert>

#include "framework/kernels/reduce.hpp"

namespace lockstep {

void TreeAllReduce::start(const AllReducePlan& plan, const Operands& operands) {
  assert(plan_ == nullptr || round_ == plan_->rounds.size());
  plan_ = &plan;
  operands_ = operands;
  round_ = 0;
  if (received_.size() < plan.received_floats) {
    received_ = AlignedBuffer<float>(plan.received_floats);
  }
  start_round();
}

bool TreeAllReduce::progress() {
  while (round_ < plan_->rounds.size()) {
    if (!exchange_->progress()) return false;
    finish_round();
    ++round_;
    if (round_ < plan_->rounds.size()) start_round();
  }
  return true;
}

void TreeAllReduce::start_round() {
  pack();
  lay_out_incoming();
  exchange_->start(outgoing_, incoming_);
}

void TreeAllReduce::pack() {
  packed_out_.resize(std::max(packed_out_.size(), packed_size(round().outgoing)));
  outgoing_.clear();
  std::byte* next = packed_out_.data();
  for (const PlannedMessage& message : round().outgoing) {
    const std::span<const std::byte> numbers = std::as_bytes(read(message.numbers));
    if (message.reports.size() == 0) {
      outgoing_.push_back({message.peer, numbers});
      continue;
    }
    std::byte* const begin = next;
    next = std::ranges::copy(reports_of(message.reports), next).out;
    next = std::ranges::copy(numbers, next).out;
    outgoing_.push_back({message.peer, {begin, next}});
  }
}

void TreeAllReduce::lay_out_incoming() {
  packed_in_.resize(std::max(packed_in_.size(), packed_size(round().incoming)));
  incoming_.clear();
  std::byte* next = packed_in_.data();
  for (const PlannedMessage& message : round().incoming) {
    const std::span<std::byte> numbers = std::as_writable_bytes(write(message.numbers));
    if (message.reports.size() == 0) {
      incoming_.push_back({message.peer, numbers});
      continue;
    }
    const std::size_t size = reports_of(message.reports).size() + numbers.size();
    incoming_.push_back({message.peer, {next, size}});
    next += size;
  }
}

void TreeAllReduce::finish_round() {
  unpack();
  for (const PlannedSum& sum : round().sums) {
    if (sum.right) {
      add_buffers(read(sum.left), read(*sum.right), write(sum.into));
    } else {
      std::ranges::copy(read(sum.left), write(sum.into).begin());
    }
  }
}

void TreeAllReduce::unpack() {
  for (std::size_t i = 0; i < incoming_.size(); ++i) {
    const PlannedMessage& message = round().incoming[i];
    if (message.reports.size() == 0) continue;
    const std::span<std::byte> packed = incoming_[i].data;
    const std::span<std::byte> reports = reports_of(message.reports);
    std::ranges::copy(packed.first(reports.size()), reports.begin());
    std::ranges::copy(packed.subspan(reports.size()),
                      std::as_writable_bytes(write(message.numbers)).begin());
  }
}

std::size_t TreeAllReduce::packed_size(std::span<const PlannedMessage> messages) const {
  std::size_t size = 0;
  for (const PlannedMessage& message : messages) {
    if (message.reports.size() == 0) continue;
    size += reports_of(message.reports).size() + message.numbers.size * sizeof(float);
  }
  return size;
}

std::span<std::byte> TreeAllReduce::reports_of(const LeafRange& ranks) const {
  const MessagePart& first = operands_.report_parts[static_cast<std::size_t>(ranks.first)];
  const MessagePart& last = operands_.report_parts[static_cast<std::size_t>(ranks.last) - 1];
  return operands_.reports.subspan(first.offset, last.offset + last.size - first.offset);
}

std::span<const float> TreeAllReduce::read(const Operand& operand) const {
  const auto memory = [&]() -> std::span<const float> {
    if (operand.place == Operand::Place::subtree) return operands_.subtrees[operand.number];
    if (operand.place == Operand::Place::total) return operands_.total;
    return received_.span();
  };
  return operand.size == 0 ? std::span<const float>()
                           : memory().subspan(operand.first, operand.size);
}

std::span<float> TreeAllReduce::write(const Operand& operand) {
  if (operand.size == 0) return {};
  const std::span<float> memory =
      operand.place == Operand::Place::total ? operands_.total : received_.span();
  return memory.subspan(operand.first, operand.size);
}

}  // namespace lockstep
