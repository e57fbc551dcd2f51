#pragma once

// Whether the ranks' affinity masks let their threads run, and how to start the ranks if not. Pure
// functions of where the ranks run.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cluster/placement.hpp"

namespace lockstep {

/// "not bound", "each bound to 4 cores", "bound to 1 to 4 cores". It says CPUs instead of cores if
/// a core has several CPUs.
std::string binding_in_words(const JobPlacement& job);

/// "core" if a core has one hardware thread, else "CPU".
std::string_view cpu_noun(const Placement& placement);

/// The first rank whose mask keeps its threads from CPUs that the host has for it. Nothing if no
/// CPU is lost, or if there is no launcher: whoever binds a process by hand does so on purpose.
/// @param asked_threads  of each rank, by --threads; 0: not given
std::optional<int> find_starved_rank(const JobPlacement& job, std::span<const int> asked_threads);

/// A host whose ranks have more threads than its cgroup allows CPUs. The kernel then stops all of
/// them for the rest of each period.
struct Throttled {
  int rank = 0;      ///< the first rank of the host
  int threads = 0;   ///< of all ranks of the host
  double quota = 0;  ///< CPUs
};
std::optional<Throttled> find_throttled(const JobPlacement& job, std::span<const int> threads);

/// What to write in front of the program so that no rank is starved, such as "mpirun -n 2 --map-by
/// slot:PE=4 --bind-to core". Empty if no line is known to help.
std::string better_launch(const JobPlacement& job);

/// A command line that a shell reads back as these words, quoted where needed.
std::string shell_line(std::span<const char* const> words);
std::string shell_line(const std::vector<std::string>& words);

}  // namespace lockstep
