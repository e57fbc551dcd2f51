#pragma once

#include "framework/training/communicator.hpp"

namespace lockstep {

/// The ranks of an MPI job (MPI_COMM_WORLD), with blocking collectives that only move bytes.
///
/// Threading contract: the main thread's alone. MPI must be initialised for its whole life.
class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator();

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void broadcast(std::span<std::byte> data, int root) override;
  void exchange(std::span<const std::byte> send, std::span<const MessagePart> send_parts,
                std::span<std::byte> receive, std::span<const MessagePart> receive_parts) override;
  void all_gather(std::span<std::byte> data, std::span<const MessagePart> parts) override;
  void barrier() override;

 private:
  // Counts and displacements as MPI wants them, kept so that a step allocates nothing.
  struct Counts {
    std::vector<int> counts;
    std::vector<int> displacements;

    explicit Counts(int ranks);
    void fill(std::span<const MessagePart> parts);
  };

  int rank_ = 0;
  int size_ = 1;
  Counts send_;
  Counts receive_;
};

}  // namespace lockstep
