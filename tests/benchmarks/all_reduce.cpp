// The ordered all-reduce beside MPI_Allreduce of as many floats, in turn, under mpirun:
//   mpirun -n 2 --bind-to core build/tests/benchmark_all_reduce

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include <mpi.h>

#include "cluster/mpi_session.hpp"
#include "framework/training/exchange/all_reduce_plan.hpp"
#include "framework/training/exchange/tree_all_reduce.hpp"

namespace lockstep {
namespace {

constexpr int kRepetitions = 400;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Of the slowest rank.
template <class Run>
double time_once(const Run& run) {
  MPI_Barrier(MPI_COMM_WORLD);
  const double start = seconds_now();
  run();
  const double mine = seconds_now() - start;
  double slowest = 0;
  MPI_Allreduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return slowest;
}

double median(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

const char* name_of(AllReduceMethod method) {
  switch (method) {
    case AllReduceMethod::recursive_doubling:
      return "recursive doubling";
    case AllReduceMethod::partials:
      return "partials";
    case AllReduceMethod::slices:
      break;
  }
  return "slices";
}

void compare(Communicator& communicator, std::size_t floats, Index leaves, AllReduceMethod method,
             bool is_chosen) {
  const AllReduceShape shape{.leaves = leaves, .ranks = communicator.size(), .floats = floats};
  const AllReducePlan plan = make_all_reduce_plan(shape, method, communicator.rank());
  TreeAllReduce all_reduce(communicator.make_exchange(0));
  AlignedBuffer<float> mine(floats);
  AlignedBuffer<float> total(floats);
  AlignedBuffer<float> of_mpi(floats);
  std::fill(mine.span().begin(), mine.span().end(), 0.5F);
  const std::vector<std::span<const float>> subtrees(
      complete_subtrees(leaves, owned_leaves(leaves, communicator.rank(), shape.ranks)).size(),
      mine.span());
  const auto ours = [&] {
    all_reduce.start(plan, {.subtrees = subtrees, .total = total.span()});
    for (int turn = 0; !all_reduce.progress(); ++turn) {
      if (turn >= 200) std::this_thread::yield();
    }
  };
  const auto theirs = [&] {
    MPI_Allreduce(mine.span().data(), of_mpi.span().data(), static_cast<int>(floats), MPI_FLOAT,
                  MPI_SUM, MPI_COMM_WORLD);
  };
  std::vector<double> our_seconds;
  std::vector<double> their_seconds;
  for (int i = 0; i < kRepetitions; ++i) {
    our_seconds.push_back(time_once(ours));
    their_seconds.push_back(time_once(theirs));
  }
  if (communicator.rank() != 0) return;
  const double our_median = median(our_seconds);
  const double their_median = median(their_seconds);
  std::printf("%9zu %7td  %-18s %c %9.1f %9.1f %6.2f\n", floats * sizeof(float),
              static_cast<std::ptrdiff_t>(leaves), name_of(method), is_chosen ? '*' : ' ',
              our_median * 1e6, their_median * 1e6, our_median / their_median);
}

int run(MpiSession& session) {
  Communicator& communicator = session.communicator();
  if (communicator.size() < 2) {
    std::fputs("Start this under mpirun with at least two ranks.\n", stderr);
    return 2;
  }
  if (communicator.rank() == 0) {
    std::printf(
        "%d ranks, medians of %d, * = chosen\n    bytes  leaves  method                    us    "
        "MPI us  ratio\n",
        communicator.size(), kRepetitions);
  }
  // LeNet-5's convolutions, dense layers, and ten times as much.
  for (const std::size_t floats : {2572UL, 41854UL, 418540UL}) {
    for (const Index leaves : {4, 7, 8}) {
      const AllReduceShape shape{.leaves = leaves, .ranks = communicator.size(), .floats = floats};
      const AllReduceMethod chosen = choose_all_reduce(shape, communicator.link_cost());
      for (const auto method : {AllReduceMethod::recursive_doubling, AllReduceMethod::slices,
                                AllReduceMethod::partials}) {
        if (method == AllReduceMethod::recursive_doubling && !is_aligned(leaves, shape.ranks)) {
          continue;
        }
        compare(communicator, floats, leaves, method, method == chosen);
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace lockstep

int main() { return lockstep::run_in_session(lockstep::run); }
