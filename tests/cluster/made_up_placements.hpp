#pragma once

#include <string>
#include <vector>

#include "cluster/placement.hpp"

namespace lockstep::testing {

/// One rank of a made-up job.
struct MadeUpRank {
  std::string host;
  std::vector<int> cpus;
};

/// What all hosts of a made-up job are like.
struct MadeUpHosts {
  int cpus = 1;
  int threads_per_core = 1;
  double cpu_quota = 0;
  Launcher launcher = Launcher::mpirun;
};

inline JobPlacement made_up_job(const MadeUpHosts& hosts, const std::vector<MadeUpRank>& ranks) {
  std::vector<Placement> placements;
  for (const MadeUpRank& rank : ranks) {
    placements.push_back({.host = rank.host,
                          .launcher = hosts.launcher,
                          .cpus = rank.cpus,
                          .host_cpus = hosts.cpus,
                          .threads_per_core = hosts.threads_per_core,
                          .cpu_quota = hosts.cpu_quota});
  }
  return JobPlacement(std::move(placements));
}

inline std::vector<int> cpu_range(int first, int last) {
  std::vector<int> cpus;
  for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  return cpus;
}

}  // namespace lockstep::testing
