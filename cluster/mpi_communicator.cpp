#include "cluster/mpi_communicator.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>
#include <utility>

#include <mpi.h>

#include "cluster/mpi_check.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

int checked_int(std::size_t number) {
  if (number > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw Error(errors::kMessageTooLarge,
                "A message between ranks would exceed 2 GiB, which this program does not send; use "
                "a smaller network.");
  }
  return static_cast<int>(number);
}

int rank_in(MPI_Comm ranks) {
  int rank = 0;
  check_mpi(MPI_Comm_rank(ranks, &rank), "MPI_Comm_rank");
  return rank;
}

int size_of(MPI_Comm ranks) {
  int size = 1;
  check_mpi(MPI_Comm_size(ranks, &size), "MPI_Comm_size");
  return size;
}

// Typical costs between two machines of a cluster, and between two processes of one machine.
constexpr LinkCost kBetweenHosts{.seconds_per_message = 2e-5, .seconds_per_byte = 1e-9};
constexpr LinkCost kWithinHost{.seconds_per_message = 8e-6, .seconds_per_byte = 5e-11};

LinkCost slowest_link(MPI_Comm ranks) {
  MPI_Comm host = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(ranks, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host),
            "MPI_Comm_split_type");
  const int ranks_here = size_of(host);
  check_mpi(MPI_Comm_free(&host), "MPI_Comm_free");
  return ranks_here == size_of(ranks) ? kWithinHost : kBetweenHosts;
}

// A channel is a tag.
class MpiExchange final : public Exchange {
 public:
  MpiExchange(MPI_Comm ranks, int channel) : ranks_(ranks), tag_(channel) {}

  void start(std::span<const OutgoingMessage> outgoing,
             std::span<const IncomingMessage> incoming) override {
    assert(std::count(requests_.begin(), requests_.end(), MPI_REQUEST_NULL) ==
           std::ssize(requests_));
    requests_.clear();
    for (const IncomingMessage& message : incoming) {
      check_mpi(MPI_Irecv(message.data.data(), checked_int(message.data.size()), MPI_BYTE,
                          message.from, tag_, ranks_, &requests_.emplace_back()),
                "MPI_Irecv");
    }
    for (const OutgoingMessage& message : outgoing) {
      check_mpi(MPI_Isend(message.data.data(), checked_int(message.data.size()), MPI_BYTE,
                          message.to, tag_, ranks_, &requests_.emplace_back()),
                "MPI_Isend");
    }
  }

  bool progress() override {
    int is_done = 0;
    check_mpi(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &is_done,
                          MPI_STATUSES_IGNORE),
              "MPI_Testall");
    return is_done != 0;
  }

 private:
  MPI_Comm ranks_;
  int tag_;
  std::vector<MPI_Request> requests_;
};

}  // namespace

MpiCommunicator::Counts::Counts(int ranks)
    : counts(static_cast<std::size_t>(ranks)), displacements(static_cast<std::size_t>(ranks)) {}

void MpiCommunicator::Counts::fill(std::span<const MessagePart> parts) {
  for (std::size_t r = 0; r < parts.size(); ++r) {
    counts[r] = checked_int(parts[r].size);
    displacements[r] = checked_int(parts[r].offset);
  }
}

struct MpiCommunicator::Group {
  MPI_Comm ranks;

  explicit Group(MPI_Comm handle) : ranks(handle) {
    check_mpi(MPI_Comm_set_errhandler(ranks, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  }
  ~Group() {
    if (ranks != MPI_COMM_WORLD) MPI_Comm_free(&ranks);
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
};

MpiCommunicator::MpiCommunicator()
    : MpiCommunicator(std::make_unique<const Group>(MPI_COMM_WORLD)) {}

MpiCommunicator::MpiCommunicator(std::unique_ptr<const Group> group)
    : group_(std::move(group)),
      rank_(rank_in(group_->ranks)),
      size_(size_of(group_->ranks)),
      link_cost_(slowest_link(group_->ranks)),
      gathered_(size_) {}

MpiCommunicator::~MpiCommunicator() = default;

std::unique_ptr<MpiCommunicator> MpiCommunicator::split(int group) const {
  MPI_Comm ranks = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(group_->ranks, group, rank_, &ranks), "MPI_Comm_split");
  return std::unique_ptr<MpiCommunicator>(
      new MpiCommunicator(std::make_unique<const Group>(ranks)));
}

void MpiCommunicator::broadcast(std::span<std::byte> data, int root) {
  check_mpi(MPI_Bcast(data.data(), checked_int(data.size()), MPI_BYTE, root, group_->ranks),
            "MPI_Bcast");
}

std::unique_ptr<Exchange> MpiCommunicator::make_exchange(int channel) {
  return std::make_unique<MpiExchange>(group_->ranks, channel);
}

void MpiCommunicator::all_gather(std::span<std::byte> data, std::span<const MessagePart> parts) {
  gathered_.fill(parts);
  check_mpi(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, data.data(), gathered_.counts.data(),
                           gathered_.displacements.data(), MPI_BYTE, group_->ranks),
            "MPI_Allgatherv");
}

void MpiCommunicator::barrier() { check_mpi(MPI_Barrier(group_->ranks), "MPI_Barrier"); }

}  // namespace lockstep
