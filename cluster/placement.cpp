#include "cluster/placement.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/cpu_quota.hpp"

namespace lockstep {
namespace {

bool is_set(const char* variable) { return std::getenv(variable) != nullptr; }

std::vector<int> affinity_mask() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof(mask), &mask) != 0) return {0};
  std::vector<int> cpus;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &mask)) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

// Asks the kernel for all possible CPUs, on a separate thread, and looks at what it gives.
std::vector<int> widest_mask() {
  std::vector<int> cpus;
  std::thread([&cpus] {
    cpu_set_t all;
    CPU_ZERO(&all);
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) CPU_SET(cpu, &all);
    sched_setaffinity(0, sizeof(all), &all);
    cpus = affinity_mask();
  }).join();
  return cpus;
}

// From the first CPU's list of siblings, "0,64" or "0-1".
int threads_per_core(int cpu) {
  std::ifstream file(
      fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu));
  int first = 0;
  int last = 0;
  char separator = 0;
  if (!(file >> first >> separator >> last)) return 1;
  if (separator == '-') return last - first + 1;
  int siblings = 2;
  while (file >> separator >> last) ++siblings;
  return siblings;
}

}  // namespace

Launcher launcher_here() {
  if (is_set("OMPI_COMM_WORLD_SIZE")) return Launcher::mpirun;
  if (!is_set("PMIX_RANK") && !is_set("PMI_RANK")) return Launcher::none;
  return is_set("SLURM_PROCID") ? Launcher::srun : Launcher::other;
}

Placement placement_here(std::string host, Launcher launcher) {
  std::vector<int> cpus = affinity_mask();
  const int first = cpus.front();
  return {.host = std::move(host),
          .launcher = launcher,
          .cpus = std::move(cpus),
          .host_cpus = static_cast<int>(widest_mask().size()),
          .threads_per_core = threads_per_core(first),
          .cpu_quota = cpu_quota_of(read_cgroups("/proc/self/cgroup"), "/sys/fs/cgroup")};
}

std::string cpu_list(std::span<const int> cpus) {
  if (cpus.empty()) return "none";
  std::vector<std::string> runs;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    runs.push_back(end == i + 1 ? fmt::format("{}", cpus[i])
                                : fmt::format("{}-{}", cpus[i], cpus[end - 1]));
    i = end;
  }
  return fmt::format("{}", fmt::join(runs, ","));
}

std::string to_text(const Placement& placement) {
  return fmt::format("{} {} {} {} {} {} {}", static_cast<int>(placement.launcher),
                     placement.host_cpus, placement.threads_per_core, placement.cpu_quota,
                     placement.cpus.size(), fmt::join(placement.cpus, " "), placement.host);
}

Placement placement_from_text(std::string_view text) {
  std::istringstream words{std::string(text)};
  Placement placement;
  int launcher = 0;
  std::size_t cpus = 0;
  words >> launcher >> placement.host_cpus >> placement.threads_per_core >> placement.cpu_quota >>
      cpus;
  placement.launcher = static_cast<Launcher>(launcher);
  placement.cpus.resize(cpus);
  for (int& cpu : placement.cpus) words >> cpu;
  words >> placement.host;
  return placement;
}

std::vector<std::string> JobPlacement::hosts() const {
  std::vector<std::string> hosts;
  for (const Placement& rank : ranks_) {
    if (std::find(hosts.begin(), hosts.end(), rank.host) == hosts.end()) hosts.push_back(rank.host);
  }
  return hosts;
}

int JobPlacement::ranks_of_host(int rank) const {
  return static_cast<int>(std::count_if(
      ranks_.begin(), ranks_.end(),
      [&mine = of(rank)](const Placement& other) { return other.host == mine.host; }));
}

int JobPlacement::ranks_of_mask(int rank) const {
  return static_cast<int>(
      std::count_if(ranks_.begin(), ranks_.end(), [&mine = of(rank)](const Placement& other) {
        return other.host == mine.host && other.cpus == mine.cpus;
      }));
}

int JobPlacement::fair_threads(int rank) const {
  return std::max(1, static_cast<int>(of(rank).cpus.size()) / ranks_of_mask(rank));
}

JobPlacement gather_placements(Communicator& communicator, const Placement& mine) {
  std::vector<Placement> ranks;
  for (const std::string& text : all_gather_text(communicator, to_text(mine))) {
    ranks.push_back(placement_from_text(text));
  }
  return JobPlacement(std::move(ranks));
}

}  // namespace lockstep
