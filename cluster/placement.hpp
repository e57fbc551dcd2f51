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

/// Where one rank runs, as its operating system says. A CPU is a hardware thread.
struct Placement {
  std::string host;
  Launcher launcher = Launcher::none;
  std::vector<int> cpus;     ///< of the affinity mask, ascending
  int host_cpus = 1;         ///< that the mask could have: the host's, or those of its cpuset
  int threads_per_core = 1;  ///< CPUs of one core
  double cpu_quota = 0;      ///< CPUs' worth of time that a cgroup allows; 0: no limit

  bool operator==(const Placement&) const = default;
};

/// Of this process.
/// @param launcher  as `launcher_here` has found it before MPI's start
Placement placement_here(std::string host, Launcher launcher);

/// By the variables that launchers set for their processes. To be asked before MPI's start, which
/// sets some of them itself.
Launcher launcher_here();

/// "0-3,8" of ascending numbers; "none" of none.
std::string cpu_list(std::span<const int> cpus);

/// As text between ranks: lines, the host last.
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
  /// Ranks on the host of this one, itself included.
  int ranks_of_host(int rank) const;
  /// Those among them that have the same affinity mask.
  int ranks_of_mask(int rank) const;

  /// CPUs that the host has for this rank; 0 when it has more ranks than CPUs.
  int cpu_share(int rank) const { return of(rank).host_cpus / ranks_of_host(rank); }
  /// CPUs of the rank's mask, divided by the ranks that share it; at least 1.
  int fair_threads(int rank) const;

 private:
  std::vector<Placement> ranks_;
};

/// Collective.
JobPlacement gather_placements(Communicator& communicator, const Placement& mine);

}  // namespace lockstep
