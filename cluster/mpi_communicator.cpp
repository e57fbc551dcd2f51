#include "cluster/mpi_communicator.hpp"

#include <limits>

#include <mpi.h>

#include "cluster/mpi_check.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

int checked_int(std::size_t number) {
  if (number > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw Error(ErrorKind::usage,
                "A message between ranks would exceed 2 GiB, which this program does not send; use "
                "a smaller network.");
  }
  return static_cast<int>(number);
}

int world_rank() {
  int rank = 0;
  check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
  return rank;
}

int world_size() {
  int size = 1;
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size");
  return size;
}

}  // namespace

MpiCommunicator::Counts::Counts(int ranks)
    : counts(static_cast<std::size_t>(ranks)), displacements(static_cast<std::size_t>(ranks)) {}

void MpiCommunicator::Counts::fill(std::span<const MessagePart> parts) {
  for (std::size_t r = 0; r < parts.size(); ++r) {
    counts[r] = checked_int(parts[r].size);
    displacements[r] = checked_int(parts[r].offset);
  }
}

MpiCommunicator::MpiCommunicator()
    : rank_(world_rank()), size_(world_size()), send_(size_), receive_(size_) {
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
}

void MpiCommunicator::broadcast(std::span<std::byte> data, int root) {
  check_mpi(MPI_Bcast(data.data(), checked_int(data.size()), MPI_BYTE, root, MPI_COMM_WORLD),
            "MPI_Bcast");
}

void MpiCommunicator::exchange(std::span<const std::byte> send,
                               std::span<const MessagePart> send_parts,
                               std::span<std::byte> receive,
                               std::span<const MessagePart> receive_parts) {
  send_.fill(send_parts);
  receive_.fill(receive_parts);
  check_mpi(MPI_Alltoallv(send.data(), send_.counts.data(), send_.displacements.data(), MPI_BYTE,
                          receive.data(), receive_.counts.data(), receive_.displacements.data(),
                          MPI_BYTE, MPI_COMM_WORLD),
            "MPI_Alltoallv");
}

void MpiCommunicator::all_gather(std::span<std::byte> data, std::span<const MessagePart> parts) {
  receive_.fill(parts);
  check_mpi(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, data.data(), receive_.counts.data(),
                           receive_.displacements.data(), MPI_BYTE, MPI_COMM_WORLD),
            "MPI_Allgatherv");
}

void MpiCommunicator::barrier() { check_mpi(MPI_Barrier(MPI_COMM_WORLD), "MPI_Barrier"); }

}  // namespace lockstep
