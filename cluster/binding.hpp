#pragma once

// Whether the ranks' affinity masks let their threads run, and how to start them if not. Pure
// functions of where the ranks run.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cluster/placement.hpp"

namespace lockstep {

/// "not bound", "each bound to 4 cores", "bound to 1 to 4 cores"; CPUs instead of cores where a
/// core has several.
std::string binding_in_words(const JobPlacement& job);

/// "core" where a core has one hardware thread, else "CPU".
std::string_view cpu_noun(const Placement& placement);

/// The first rank whose mask keeps its threads from CPUs that the host has for it; none where
/// nothing is lost, and without a launcher: who binds a process by hand means it.
/// @param asked_threads  of each rank, by --threads; 0: not asked
std::optional<int> find_starved_rank(const JobPlacement& job, std::span<const int> asked_threads);

/// A host whose ranks have more threads than its cgroup allows CPUs; the kernel stops them all for
/// the rest of each period.
struct Throttled {
  int rank = 0;      ///< the host's first
  int threads = 0;   ///< of all ranks of the host
  double quota = 0;  ///< CPUs
};
std::optional<Throttled> find_throttled(const JobPlacement& job, std::span<const int> threads);

/// What to write in front of the program so that no rank is starved, such as "mpirun -n 2 --map-by
/// slot:PE=4 --bind-to core"; empty where no line is known to help.
std::string better_launch(const JobPlacement& job);

/// Words as a shell reads them back, quoted where needed.
std::string shell_line(std::span<const char* const> words);
std::string shell_line(const std::vector<std::string>& words);

}  // namespace lockstep
