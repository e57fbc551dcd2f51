#pragma once

#include <filesystem>
#include <string>

#include "cluster/host_resources.hpp"
#include "experiments/program/command.hpp"

namespace lockstep {

/// What a rank has found out about the folder that runs are written into.
struct FolderFacts {
  std::string path;        ///< the folder, or the one in which it would be made
  std::string problem;     ///< why this rank cannot write there; empty if it can
  int problem_number = 0;  ///< the errno behind it; 0: there is none
  FileSystem file_system;
  bool sees_rank_0 = false;  ///< this rank sees what rank 0 has written there
  /// A lock of rank 0 keeps this rank out; for rank 0 itself, its second lock.
  bool is_kept_out = false;
  /// Rank 0 only: the time to write a checkpoint of 1 MiB aside, sync and rename it; best of three.
  double write_seconds = 0;
};

/// Writes into the folder from every rank, and removes what was written. If that fails, the facts
/// say why. Collective.
FolderFacts examine_folder(const CommandContext& context, const std::filesystem::path& out);

}  // namespace lockstep
