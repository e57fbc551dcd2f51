#pragma once

// Where ranks run: hosts, affinity masks, and what a mask could be.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/training/exchange/communicator.hpp"

namespace lockstep {

/// What started the ranks: nothing at all, Open MPI's mpirun, Slurm's srun, or something else.
enum class Launcher { none, mpirun, srun, other };

/// Where one rank runs, as its operating system reports it. A CPU is a hardware thread.
struct Placement {
  std::string host;
  Launcher launcher = Launcher::none;
  std::vector<int> cpus;     ///< of the affinity mask, ascending
  int host_cpus = 1;         ///< that the mask could have: those of the host, or of its cpuset
  int threads_per_core = 1;  ///< CPUs of one core
  double cpu_quota = 0;      ///< CPUs' worth of time that a cgroup allows; 0: no limit

  bool operator==(const Placement&) const = default;
};

/// The placement of this process.
/// @param launcher  as `launcher_here` has found it before MPI's start
Placement placement_here(std::string host, Launcher launcher);

/// The launcher, by the variables that launchers set for their processes. To be called before MPI's
/// start, which sets some of them itself.
Launcher launcher_here();

/// "0-3,8" for ascending numbers; "none" if there are none.
std::string cpu_list(std::span<const int> cpus);

/// As text that ranks exchange: lines, the host last.
std::string to_text(const Placement& placement);
Placement placement_from_text(std::string_view text);

/// Where all ranks of a job run, in rank order; at least one.
class JobPlacement {
 public:
  explicit JobPlacement(std::vector<Placement> ranks) : ranks_(std::move(ranks)) {}

  std::span<const Placement> ranks() const { return ranks_; }
  const Placement& of(int rank) const { return ranks_[static_cast<std::size_t>(rank)]; }
  int size() const { return static_cast<int>(ranks_.size()); }

  /// The different hosts, in the order of their first ranks.
  std::vector<std::string> hosts() const;
  /// The number of ranks on this rank's host, itself included.
  int ranks_of_host(int rank) const;
  /// The number of those that have the same affinity mask.
  int ranks_of_mask(int rank) const;

  /// CPUs that the host has for this rank; 0 if the host has more ranks than CPUs.
  int cpu_share(int rank) const { return of(rank).host_cpus / ranks_of_host(rank); }
  /// CPUs of the rank's mask, divided by the ranks that share it; at least 1.
  int fair_threads(int rank) const;

 private:
  std::vector<Placement> ranks_;
};

/// The placements of all ranks. Collective.
JobPlacement gather_placements(Communicator& communicator, const Placement& mine);

}  // namespace lockstep
