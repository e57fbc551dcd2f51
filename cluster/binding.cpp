#include "cluster/binding.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lockstep {
namespace {

int mask_size(const Placement& rank) { return static_cast<int>(rank.cpus.size()); }

std::string counted(int number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

// Whether another mask would give the rank more CPUs. If there are more ranks than CPUs: whether
// its part of its mask is smaller than its part of the host.
bool mask_withholds(const JobPlacement& job, int rank) {
  const int has = mask_size(job.of(rank));
  const int sharing = job.ranks_of_mask(rank);
  const int share = job.cpu_share(rank);
  if (share > 0) return has < share * sharing;
  return has * job.ranks_of_host(rank) < job.of(rank).host_cpus * sharing;
}

// The number of whole cores that every rank can have on its host.
int cores_of_each(const JobPlacement& job) {
  int cores = job.cpu_share(0) / job.of(0).threads_per_core;
  for (int rank = 1; rank < job.size(); ++rank) {
    cores = std::min(cores, job.cpu_share(rank) / job.of(rank).threads_per_core);
  }
  return cores;
}

int least_share(const JobPlacement& job) {
  int share = job.cpu_share(0);
  for (int rank = 1; rank < job.size(); ++rank) share = std::min(share, job.cpu_share(rank));
  return share;
}

// Whether this many cores is the whole share of every rank: then one number for all starves no
// rank.
bool cores_are_every_share(const JobPlacement& job, int cores) {
  for (int rank = 0; rank < job.size(); ++rank) {
    if (cores * job.of(rank).threads_per_core < job.cpu_share(rank)) return false;
  }
  return true;
}

bool same_ranks_everywhere(const JobPlacement& job) {
  for (int rank = 1; rank < job.size(); ++rank) {
    if (job.ranks_of_host(rank) != job.ranks_of_host(0)) return false;
  }
  return true;
}

// "--host a:2,b:1"; a job on one host needs none.
std::string host_option(const JobPlacement& job) {
  const std::vector<std::string> hosts = job.hosts();
  if (hosts.size() == 1) return "";
  std::vector<std::string> slots;
  for (const std::string& host : hosts) {
    const auto ranks = std::count_if(job.ranks().begin(), job.ranks().end(),
                                     [&](const Placement& rank) { return rank.host == host; });
    slots.push_back(fmt::format("{}:{}", host, ranks));
  }
  return fmt::format(" --host {}", fmt::join(slots, ","));
}

std::string mpirun_line(const JobPlacement& job) {
  const std::string start = fmt::format("mpirun -n {}{}", job.size(), host_option(job));
  const int cores = cores_of_each(job);
  if (cores == 0) return start + " --bind-to none --oversubscribe";
  if (!cores_are_every_share(job, cores)) return start + " --bind-to none";
  const bool by_host = job.hosts().size() > 1 && same_ranks_everywhere(job);
  return fmt::format(
      "{} --map-by {}:PE={} --bind-to core", start,
      by_host ? fmt::format("ppr:{}:node", job.ranks_of_host(0)) : std::string("slot"), cores);
}

// If there are more ranks than CPUs, they stay on those of their allocation, whatever the options.
std::string srun_line(const JobPlacement& job) {
  const int share = least_share(job);
  if (share == 0) return "";
  return fmt::format("srun --mpi=pmix -K1 -N {} -n {} --cpus-per-task={} --cpu-bind=cores",
                     job.hosts().size(), job.size(), share);
}

bool needs_no_quotes(char c) {
  constexpr std::string_view kPlain = "@%+=:,./-_";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kPlain.find(c) != std::string_view::npos;
}

std::string shell_word(std::string_view word) {
  if (!word.empty() && std::ranges::all_of(word, needs_no_quotes)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string_view cpu_noun(const Placement& placement) {
  return placement.threads_per_core == 1 ? "core" : "CPU";
}

std::string binding_in_words(const JobPlacement& job) {
  const auto [least, most] = std::ranges::minmax(job.ranks(), {}, mask_size);
  const bool bound = std::ranges::any_of(
      job.ranks(), [](const Placement& rank) { return mask_size(rank) < rank.host_cpus; });
  if (!bound) return "not bound";
  const std::string cpus = counted(mask_size(most), cpu_noun(most));
  if (mask_size(least) < mask_size(most)) {
    return fmt::format("bound to {} to {}", mask_size(least), cpus);
  }
  return fmt::format("{}bound to {}", job.size() > 1 ? "each " : "", cpus);
}

std::optional<int> find_starved_rank(const JobPlacement& job, std::span<const int> asked_threads) {
  for (int rank = 0; rank < job.size(); ++rank) {
    const int asked = asked_threads[static_cast<std::size_t>(rank)];
    const bool has_what_it_asks =
        asked > 0 && asked * job.ranks_of_mask(rank) <= mask_size(job.of(rank));
    if (job.of(rank).launcher != Launcher::none && !has_what_it_asks && mask_withholds(job, rank)) {
      return rank;
    }
  }
  return {};
}

std::optional<Throttled> find_throttled(const JobPlacement& job, std::span<const int> threads) {
  for (int rank = 0; rank < job.size(); ++rank) {
    const double quota = job.of(rank).cpu_quota;
    if (quota == 0) continue;
    int on_host = 0;
    for (int other = 0; other < job.size(); ++other) {
      if (job.of(other).host == job.of(rank).host)
        on_host += threads[static_cast<std::size_t>(other)];
    }
    if (on_host > std::ceil(quota)) return Throttled{rank, on_host, quota};
  }
  return {};
}

std::string better_launch(const JobPlacement& job) {
  if (job.of(0).launcher == Launcher::mpirun) return mpirun_line(job);
  return job.of(0).launcher == Launcher::srun ? srun_line(job) : "";
}

std::string shell_line(std::span<const char* const> words) {
  std::vector<std::string> quoted;
  for (const char* const word : words) quoted.push_back(shell_word(word));
  return fmt::format("{}", fmt::join(quoted, " "));
}

std::string shell_line(const std::vector<std::string>& words) {
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  return shell_line(pointers);
}

}  // namespace lockstep
