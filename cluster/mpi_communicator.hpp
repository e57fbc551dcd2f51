#pragma once

#include <memory>
#include <vector>

#include "framework/training/exchange/communicator.hpp"

namespace lockstep {

/// The ranks of an MPI job, all of them (MPI_COMM_WORLD) or a group. Its collectives and messages
/// only move bytes.
///
/// Threading contract: only the main thread uses it. MPI must be initialised during its whole life.
class MpiCommunicator final : public Communicator {
 public:
  /// All ranks.
  MpiCommunicator();
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  /// The ranks that name the same group, in their order. Collective.
  std::unique_ptr<MpiCommunicator> split(int group) const;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void broadcast(std::span<std::byte> data, int root) override;
  std::unique_ptr<Exchange> make_exchange(int channel) override;
  LinkCost link_cost() const override { return link_cost_; }
  void all_gather(std::span<std::byte> data, std::span<const MessagePart> parts) override;
  void barrier() override;

 private:
  struct Group;  // MPI's own handle of the ranks

  // Counts and displacements as MPI wants them.
  struct Counts {
    std::vector<int> counts;
    std::vector<int> displacements;

    explicit Counts(int ranks);
    void fill(std::span<const MessagePart> parts);
  };

  std::unique_ptr<const Group> group_;
  int rank_ = 0;
  int size_ = 1;
  LinkCost link_cost_{};
  Counts gathered_;

  explicit MpiCommunicator(std::unique_ptr<const Group> group);
};

}  // namespace lockstep
