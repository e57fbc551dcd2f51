#pragma once

#include <filesystem>
#include <string>

#include "cluster/host_resources.hpp"
#include "experiments/program/command.hpp"

namespace lockstep {

/// What a rank has found out about the folder that runs are written into.
struct FolderFacts {
  std::string path;        ///< the folder, or the one in which it would be made
  std::string problem;     ///< why this rank cannot write there; empty: it can
  int problem_number = 0;  ///< the errno behind it; 0: there is none
  FileSystem file_system;
  bool sees_rank_0 = false;  ///< what rank 0 has written is there for this rank
  /// A lock of rank 0 keeps this rank out; rank 0: its second lock.
  bool is_kept_out = false;
  /// Rank 0: what a checkpoint of 1 MiB takes, written aside, synced and renamed; best of three.
  double write_seconds = 0;
};

/// Writes into the folder from every rank, and removes it again; where that fails, the facts say
/// why. Collective.
FolderFacts examine_folder(const CommandContext& context, const std::filesystem::path& out);

}  // namespace lockstep
