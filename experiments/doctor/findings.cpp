#include "experiments/doctor/findings.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/binding.hpp"
#include "experiments/program/launch.hpp"
#include "experiments/text/figures.hpp"
#include "framework/core/build_info.hpp"

namespace lockstep {
namespace {

std::string_view name_of(Launcher launcher) {
  switch (launcher) {
    case Launcher::none:
      return "none";
    case Launcher::mpirun:
      return "mpirun";
    case Launcher::srun:
      return "srun";
    case Launcher::other:
      break;
  }
  return "another launcher than mpirun and srun";
}

std::string as_sentence(std::string text) {
  if (text.front() >= 'a' && text.front() <= 'z') text.front() += 'A' - 'a';
  return text;
}

std::string cpus_in_words(const Placement& place, int cpus) {
  return count_of(cpus, cpu_noun(place));
}

// Hosts with more ranks than CPUs.
void add_crowded_hosts(const JobFacts& job, Findings& findings) {
  for (const int rank : job.first_ranks()) {
    const Placement& place = job.placement.of(rank);
    const int ranks = job.placement.ranks_of_host(rank);
    if (ranks <= place.host_cpus) continue;
    findings.push_back(
        {"binding", FindingLevel::change,
         fmt::format(
             "{} has {} on {}, which take turns and wait for one another: start {} there at "
             "most.",
             place.host, count_of(ranks, "rank"), cpus_in_words(place, place.host_cpus),
             place.host_cpus)});
  }
}

void add_quotas(const JobFacts& job, Findings& findings) {
  for (const int rank : job.first_ranks()) {
    const Placement& place = job.placement.of(rank);
    if (place.cpu_quota == 0 || place.cpu_quota >= place.host_cpus) continue;
    findings.push_back(
        {"binding", FindingLevel::note,
         fmt::format("The cgroup of {} allows {:.3g} CPUs' worth of time on {}: more threads than "
                     "that are stopped again and again.",
                     place.host, place.cpu_quota, cpus_in_words(place, place.host_cpus))});
  }
}

// Without a launcher, only the user can have bound the process.
void add_bound_by_hand(const JobFacts& job, Findings& findings) {
  const Placement& place = job.placement.of(0);
  const int cpus = static_cast<int>(place.cpus.size());
  if (place.launcher != Launcher::none || cpus == place.host_cpus) return;
  findings.push_back(
      {"binding", FindingLevel::note,
       fmt::format("The process may run on only {} of {} (numbers {}): start it without taskset or "
                   "the like to use all.",
                   cpus, cpus_in_words(place, place.host_cpus), cpu_list(place.cpus))});
}

std::string core_files_in_words(std::int64_t bytes) {
  if (bytes == 0) return "no core file";
  if (bytes == kUnlimited) return "a core file of any size";
  return "a core file of at most " + bytes_in_words(bytes);
}

void add_resources(const JobFacts& job, int rank, Findings& findings) {
  constexpr std::int64_t kFewFiles = 256;
  constexpr std::int64_t kLittleMemory = std::int64_t{1} << 30;
  constexpr std::int64_t kSharedBytesOfRank = std::int64_t{8} << 20;
  const HostResources& has = job.of(rank).resources;
  const std::string& host = job.host(rank);
  const int ranks = job.placement.ranks_of_host(rank);
  const auto add = [&](FindingLevel level, std::string message) {
    findings.push_back({"limits", level, std::move(message)});
  };
  add(FindingLevel::ok,
      fmt::format("{} has {} of memory available and {} of /dev/shm free; a process may open {} "
                  "files and leaves {} when it crashes.",
                  host, bytes_in_words(has.memory_available),
                  bytes_in_words(has.shared_memory_free),
                  has.open_files == kUnlimited ? "any number of" : thousands(has.open_files),
                  core_files_in_words(has.core_file_bytes)));
  if (has.open_files < kFewFiles) {
    add(FindingLevel::change,
        fmt::format("{} lets a process open {} files only: raise it by 'ulimit -n 1024'.", host,
                    has.open_files));
  }
  if (has.memory_available < kLittleMemory) {
    add(FindingLevel::note,
        fmt::format("{} has {} of memory left: end other programs before a large run.", host,
                    bytes_in_words(has.memory_available)));
  }
  if (ranks > 1 && has.shared_memory_free < ranks * kSharedBytesOfRank) {
    add(FindingLevel::change,
        fmt::format("{} has {} of /dev/shm for {}, which communicate through it: give it at least "
                    "8 MiB per rank (containers: --shm-size).",
                    host, bytes_in_words(has.shared_memory_free), count_of(ranks, "rank")));
  }
}

// What protects a host from hostile HDF5 files.
void add_reading(const JobFacts& job, int rank, Findings& findings) {
  const ReadingFacts& reading = job.of(rank).reading;
  const std::string& host = job.host(rank);
  const auto add = [&](FindingLevel level, std::string message) {
    findings.push_back({"safety", level, std::move(message)});
  };
  if (!reading.own_process) {
    add(FindingLevel::change,
        fmt::format("{} cannot parse HDF5 files in a process of their own ({}), so reading them "
                    "fails there: allow more processes and memory, or give --trust with files that "
                    "can be trusted.",
                    host, reading.problem));
  } else if (!reading.limited_calls) {
    add(FindingLevel::note,
        fmt::format(
            "{} parses HDF5 files in a process of their own with limits of memory and time, "
            "but does not limit its calls of the system: the container or emulator refuses "
            "seccomp.",
            host));
  } else {
    add(FindingLevel::ok,
        fmt::format("{} parses HDF5 files in a process of their own with limits of memory, time "
                    "and calls of the system (seccomp).",
                    host));
  }
}

}  // namespace

Findings build_findings(const JobFacts& job) {
  const BuildInfo build = build_info();
  Findings findings{{"build", FindingLevel::ok,
                     fmt::format("This is {}, built by {} as {}.", job.of(0).program,
                                 build.compiler, build.build_type)}};
  if (build.build_type != "Release" && build.build_type != "Audit") {
    findings.push_back({"build", FindingLevel::note,
                        fmt::format("A build of type {} computes many times slower: configure with "
                                    "-DCMAKE_BUILD_TYPE=Release to train.",
                                    build.build_type)});
  }
  for (int rank = 1; rank < job.placement.size(); ++rank) {
    if (job.of(rank).program == job.of(0).program) continue;
    findings.push_back({"build", FindingLevel::change,
                        fmt::format("Rank {} on {} is {}: install the same one on all hosts.", rank,
                                    job.host(rank), job.of(rank).program)});
  }
  return findings;
}

Findings processor_findings(const JobFacts& job) {
  Findings findings;
  const auto add = [&](FindingLevel level, std::string message) {
    findings.push_back({"processor", level, std::move(message)});
  };
  for (const int rank : job.first_ranks()) {
    const RankFacts& facts = job.of(rank);
    const Placement& place = job.placement.of(rank);
    add(FindingLevel::ok,
        fmt::format("{} gives {} of {}, and runs {} of {}.", place.host,
                    cpus_in_words(place, place.host_cpus),
                    facts.resources.processor.empty() ? "a processor that it does not name"
                                                      : facts.resources.processor,
                    facts.isa, fmt::join(facts.isas, ", ")));
    if (facts.isa != facts.isas.front()) {
      add(FindingLevel::note,
          fmt::format("LOCKSTEP_ISA keeps {} to {}: unset it for {}, which gives the same bits "
                      "faster.",
                      place.host, facts.isa, facts.isas.front()));
    } else if (facts.isa == "portable") {
      add(FindingLevel::note,
          fmt::format("{} has neither AVX-512 nor AVX2 with FMA, so its kernels are many times "
                      "slower: use other machines if speed matters.",
                      place.host));
    }
    if (facts.isa != job.of(0).isa) {
      add(FindingLevel::note,
          fmt::format("{} runs {} and {} runs {}: the bits are the same, but the faster ranks wait "
                      "for the slower.",
                      place.host, facts.isa, job.host(0), job.of(0).isa));
    }
  }
  return findings;
}

Findings mpi_findings(const JobFacts& job) {
  const Launcher launcher = job.placement.of(0).launcher;
  if (launcher == Launcher::none) {
    return {{"MPI", FindingLevel::ok,
             "One process without MPI; 'mpirun -n R lockstep ...' starts R ranks."}};
  }
  return {{"MPI", FindingLevel::ok,
           fmt::format("{}, threads {}, has {} on {}, started by {}.", job.mpi_library,
                       job.mpi_thread_level, count_of(job.placement.size(), "rank"),
                       count_of(static_cast<Index>(job.placement.hosts().size()), "host"),
                       name_of(launcher))}};
}

Findings binding_findings(const JobFacts& job) {
  Findings findings;
  for (std::string& warning : launch_warnings(job.placement, job.asked_threads, job.words)) {
    findings.push_back({"binding", FindingLevel::change, as_sentence(std::move(warning))});
  }
  add_crowded_hosts(job, findings);
  add_bound_by_hand(job, findings);
  add_quotas(job, findings);
  if (findings.empty()) {
    findings.push_back({"binding", FindingLevel::ok,
                        job.placement.size() == 1
                            ? fmt::format("The process is {}, and has what the host gives.",
                                          binding_in_words(job.placement))
                            : fmt::format("The ranks are {}, and each has its share of its host.",
                                          binding_in_words(job.placement))});
  }
  return findings;
}

Findings limit_findings(const JobFacts& job) {
  Findings findings;
  for (const int rank : job.first_ranks()) add_resources(job, rank, findings);
  for (const int rank : job.first_ranks()) add_reading(job, rank, findings);
  return findings;
}

Findings examine(const JobFacts& job) {
  Findings all;
  for (const auto section :
       {build_findings, processor_findings, mpi_findings, binding_findings, network_findings,
        file_system_findings, data_findings, limit_findings}) {
    Findings findings = section(job);
    std::move(findings.begin(), findings.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace lockstep
