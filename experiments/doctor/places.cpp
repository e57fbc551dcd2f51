// Findings about what lies outside the processes: networks, the folder of runs, data sets.

#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/doctor/findings.hpp"
#include "experiments/text/figures.hpp"
#include "framework/storage/files/descriptor.hpp"

namespace lockstep {
namespace {

class Section {
 public:
  explicit Section(std::string name) : name_(std::move(name)) {}

  void add(FindingLevel level, std::string message) {
    findings_.push_back({name_, level, std::move(message)});
  }
  Findings take() { return std::move(findings_); }

 private:
  std::string name_;
  Findings findings_;
};

std::string in_words(const NetworkInterface& interface) {
  std::string text = interface.name;
  for (const std::string& address : interface.addresses) text += " " + address;
  return interface.is_up ? text : text + " (down)";
}

std::string interfaces_in_words(const std::vector<NetworkInterface>& interfaces) {
  std::vector<std::string> words;
  for (const NetworkInterface& interface : interfaces) {
    if (!interface.is_loopback && !interface.addresses.empty())
      words.push_back(in_words(interface));
  }
  return words.empty() ? "only the loopback" : fmt::format("{}", fmt::join(words, ", "));
}

// A sentence as a part of another one.
std::string without_stop(std::string sentence) {
  if (sentence.ends_with('.')) sentence.pop_back();
  return sentence;
}

// The number of IPv4 networks of a host, without the loopback.
std::size_t networks_of(const std::vector<NetworkInterface>& interfaces) {
  return common_subnets(std::span(&interfaces, 1)).size();
}

void add_common_network(const JobFacts& job, Section& section) {
  std::vector<std::vector<NetworkInterface>> hosts;
  for (const int rank : job.first_ranks()) hosts.push_back(job.of(rank).interfaces);
  const std::vector<std::string> common = common_subnets(hosts);
  if (common.empty()) {
    section.add(FindingLevel::note,
                "The hosts have no IPv4 network in common, so messages need routers between them: "
                "if a job hangs at its start, name the networks by '--mca btl_tcp_if_include "
                "A.B.C.D/N,...' and the same for oob_tcp_if_include.");
    return;
  }
  const bool others = std::ranges::any_of(
      hosts, [](const auto& interfaces) { return networks_of(interfaces) > 1; });
  if (!others) {
    return section.add(FindingLevel::ok, fmt::format("All hosts are in {}.", common.front()));
  }
  section.add(FindingLevel::note,
              fmt::format("All hosts are in {}, but some in other networks too, which Open MPI may "
                          "try: if a job hangs at its start, give mpirun '--mca "
                          "btl_tcp_if_include {} --mca oob_tcp_if_include {}'.",
                          fmt::join(common, " and "), common.front(), common.front()));
}

// What rank 0 has measured, since only rank 0 writes runs.
void add_rank_0(const JobFacts& job, Section& section) {
  constexpr std::int64_t kLittleSpace = std::int64_t{100} << 20;
  constexpr double kSlowWriting = 0.2;
  constexpr double kMilli = 1e3;
  const FolderFacts& folder = job.of(0).folder;
  const FileSystem& system = folder.file_system;
  section.add(FindingLevel::ok,
              fmt::format("{} is on {} with {} free, and 1 MiB is written and synced in {:.1f} ms.",
                          folder.path, system.type, bytes_in_words(system.free_bytes),
                          folder.write_seconds * kMilli));
  if (system.free_bytes < kLittleSpace) {
    section.add(FindingLevel::change,
                fmt::format("{} has {} free: make room, or name another folder with --out.",
                            folder.path, bytes_in_words(system.free_bytes)));
  }
  if (folder.write_seconds > kSlowWriting) {
    section.add(FindingLevel::note,
                fmt::format("A checkpoint takes {:.1f} s there: ask for fewer of them "
                            "(checkpoint.every_epochs), or name a faster folder with --out.",
                            folder.write_seconds));
  }
  if (system.is_memory) {
    section.add(FindingLevel::note,
                fmt::format("{} is memory ({}): its runs are gone when the machine restarts, so "
                            "name another folder with --out to keep them.",
                            folder.path, system.type));
  }
}

void add_locks(const JobFacts& job, Section& section) {
  const FolderFacts& folder = job.of(0).folder;
  if (folder.is_kept_out) {
    section.add(
        FindingLevel::ok,
        fmt::format(
            "Locks work there; HDF5_USE_FILE_LOCKING is {}, which matters only to other programs.",
            job.hdf5_locking.empty() ? "not set" : job.hdf5_locking));
    return;
  }
  section.add(
      FindingLevel::note,
      fmt::format("{} has no locks: make sure that no two runs write into one folder, and set "
                  "HDF5_USE_FILE_LOCKING=FALSE for h5py and HDF5's tools if they refuse its files.",
                  folder.path));
}

// What to do about the obstacle that keeps a rank from writing there.
std::string remedy(const FolderFacts& folder) {
  const std::string_view first = remedy_of(folder.problem_number);
  return fmt::format("{}{}name another folder with --out", first, first.empty() ? "" : ", or ");
}

// "/runs (ext4)"; without the type if it is unknown.
std::string place_in_words(const FolderFacts& folder) {
  if (folder.file_system.type.empty()) return folder.path;
  return fmt::format("{} ({})", folder.path, folder.file_system.type);
}

void add_other_rank(const JobFacts& job, int rank, Section& section) {
  const FolderFacts& folder = job.of(rank).folder;
  const std::string& host = job.host(rank);
  if (!folder.problem.empty()) {
    section.add(
        FindingLevel::note,
        fmt::format("Rank {} on {} could not write a run ({}), which matters when it goes on "
                    "as rank 0: {}.",
                    rank, host, without_stop(folder.problem), remedy(folder)));
  } else if (!folder.sees_rank_0) {
    section.add(FindingLevel::note,
                fmt::format("{} has another {} than {}: runs stay on rank 0's host, so go on with "
                            "them there, or name a folder that all hosts share with --out.",
                            host, folder.path, job.host(0)));
  } else if (job.of(0).folder.is_kept_out && !folder.is_kept_out) {
    section.add(FindingLevel::note, fmt::format("{} does not notice the locks of {}: make sure "
                                                "that no run on it writes into a folder in use.",
                                                host, job.host(0)));
  }
}

// The host of a rank that has looked for the data; with the rank's number if another rank there has
// looked in other places.
std::string looker(const JobFacts& job, int rank) {
  int lookers = 0;
  for (int other = 0; other < job.placement.size(); ++other) {
    if (job.host(other) == job.host(rank) && !job.of(other).data.empty()) ++lookers;
  }
  if (lookers == 1) return job.host(rank);
  return fmt::format("rank {} on {}", rank, job.host(rank));
}

std::string with_capital(std::string text) {
  if (text.starts_with("rank ")) text.front() = 'R';
  return text;
}

/// A data set that a rank has loaded.
struct LoadedSet {
  int rank = 0;
  const DataFacts* data = nullptr;
};

// The set as loaded by the lowest rank that could load it.
std::optional<LoadedSet> first_loaded(const JobFacts& job, const std::string& name) {
  for (int rank = 0; rank < job.placement.size(); ++rank) {
    for (const DataFacts& data : job.of(rank).data) {
      if (data.name == name && !data.place.empty()) return LoadedSet{rank, &data};
    }
  }
  return {};
}

constexpr const char* kSameData =
    "give all ranks the same files, and LOCKSTEP_DATA if it is used (mpirun -x LOCKSTEP_DATA)";

Finding about_missing_data(const JobFacts& job, int rank, const DataFacts& data) {
  const std::string who = looker(job, rank);
  if (const auto there = first_loaded(job, data.name)) {
    return {"data", FindingLevel::change,
            with_capital(fmt::format("{} does not have {}, which {} has in {}: {}.", who, data.name,
                                     looker(job, there->rank), there->data->place, kSameData))};
  }
  const std::string advice = data.advice.empty() ? "" : data.advice + ", or ";
  return {"data", FindingLevel::note,
          with_capital(fmt::format(
              "{} does not have {}: to train on it, {}set LOCKSTEP_DATA to the folder that holds "
              "its folder.",
              who, data.name, advice))};
}

// What is wrong with a data set on this rank.
std::optional<Finding> trouble_with_data(const JobFacts& job, int rank, const DataFacts& data) {
  if (data.is_damaged) {
    return Finding{"data", FindingLevel::change,
                   with_capital(fmt::format("{} has {}, but it cannot be loaded: {}",
                                            looker(job, rank), data.name, data.problem))};
  }
  if (data.place.empty()) return about_missing_data(job, rank, data);
  const LoadedSet first = *first_loaded(job, data.name);
  if (data.digest == first.data->digest) return {};
  return Finding{"data", FindingLevel::change,
                 with_capital(fmt::format("{} has another {} than {} ({} and {}): {}.",
                                          looker(job, rank), data.name, looker(job, first.rank),
                                          data.place, first.data->place, kSameData))};
}

void add_data_of_rank(const JobFacts& job, int rank, Findings& findings) {
  std::vector<std::string> found;
  for (const DataFacts& data : job.of(rank).data) {
    if (!data.place.empty()) found.push_back(fmt::format("{} in {}", data.name, data.place));
  }
  if (!found.empty()) {
    findings.push_back(
        {"data", FindingLevel::ok,
         with_capital(fmt::format("{} has {}.", looker(job, rank), fmt::join(found, ", ")))});
  }
  for (const DataFacts& data : job.of(rank).data) {
    if (auto trouble = trouble_with_data(job, rank, data)) findings.push_back(std::move(*trouble));
  }
}

}  // namespace

Findings network_findings(const JobFacts& job) {
  Section section("network");
  const std::vector<int> first_ranks = job.first_ranks();
  for (const int rank : first_ranks) {
    section.add(FindingLevel::ok, fmt::format("{} has {}.", job.host(rank),
                                              interfaces_in_words(job.of(rank).interfaces)));
  }
  if (first_ranks.size() > 1) add_common_network(job, section);
  return section.take();
}

Findings file_system_findings(const JobFacts& job) {
  Section section("file system");
  const FolderFacts& folder = job.of(0).folder;
  if (!folder.problem.empty()) {
    section.add(FindingLevel::change,
                fmt::format("Runs cannot be written into {}: {}; {}.", place_in_words(folder),
                            without_stop(folder.problem), remedy(folder)));
    return section.take();
  }
  add_rank_0(job, section);
  add_locks(job, section);
  for (int rank = 1; rank < job.placement.size(); ++rank) add_other_rank(job, rank, section);
  return section.take();
}

Findings data_findings(const JobFacts& job) {
  Findings findings;
  for (int rank = 0; rank < job.placement.size(); ++rank) add_data_of_rank(job, rank, findings);
  return findings;
}

}  // namespace lockstep
