#pragma once

// What `doctor` looks at on every rank.

#include <string>
#include <vector>

#include "cluster/host_resources.hpp"
#include "cluster/network.hpp"
#include "cluster/placement.hpp"
#include "experiments/doctor/folder.hpp"
#include "experiments/program/command.hpp"

namespace lockstep {

/// A data set as a rank finds it. Of the ranks of a host that look in the same places only the
/// first one looks; the others have no such facts.
struct DataFacts {
  std::string name;
  std::string advice = {};  ///< how to get it: "run `bash data/fetch.sh mnist`"; may be empty
  std::string place;        ///< the folder; empty if the set cannot be loaded from anywhere
  std::string digest;       ///< of both parts
  std::string problem;      ///< why it cannot be loaded
  bool is_damaged = false;  ///< it exists, but cannot be loaded
};

/// As ReadingProtection.
struct ReadingFacts {
  bool own_process = false;
  bool limited_calls = false;
  std::string problem;
};

struct RankFacts {
  std::string program;            ///< as ranks compare it
  std::string isa;                ///< the instruction set in use
  std::vector<std::string> isas;  ///< instruction sets that the machine can run, best first
  std::vector<NetworkInterface> interfaces;
  HostResources resources;
  ReadingFacts reading;  ///< of HDF5 files
  std::vector<DataFacts> data;
  FolderFacts folder;
};

/// The facts of all ranks; the same on every rank.
struct JobFacts {
  JobPlacement placement;
  std::vector<int> asked_threads;        ///< of each rank
  std::span<const char* const> words{};  ///< the command line
  std::string mpi_library;
  std::string mpi_thread_level;
  std::string hdf5_locking;  ///< HDF5_USE_FILE_LOCKING
  std::vector<RankFacts> ranks;

  const RankFacts& of(int rank) const { return ranks[static_cast<std::size_t>(rank)]; }
  /// The first rank of each host.
  std::vector<int> first_ranks() const;
  const std::string& host(int rank) const { return placement.of(rank).host; }
};

/// Collective. @param out  the folder that runs would be written into
JobFacts gather_facts(const CommandContext& context, const std::string& out);

}  // namespace lockstep
