#pragma once

// What a job says about where it runs.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/placement.hpp"
#include "experiments/program/command.hpp"

namespace lockstep {

/// The threads of each rank: as many as were asked for, or its fair share of the cores.
/// @param asked_threads  of each rank, by --threads; 0: not given
std::vector<int> threads_of_ranks(const JobPlacement& job, std::span<const int> asked_threads);

/// "2 ranks x 1 thread on 1 host, each bound to 1 core, avx512"
/// @param threads  of each rank
std::string launch_line(const JobPlacement& job, std::span<const int> threads,
                        std::string_view isa);

/// Sentences about threads that cannot run, each with advice. Empty if no core is lost.
/// @param words  the command line, which the advice repeats
std::vector<std::string> launch_warnings(const JobPlacement& job,
                                         std::span<const int> asked_threads,
                                         std::span<const char* const> words);

/// Prints the line as a remark, and the warnings. For verbs that compute on all threads.
void tell_launch(const CommandContext& context);
/// Prints only the warnings.
void warn_about_launch(const CommandContext& context);

}  // namespace lockstep
