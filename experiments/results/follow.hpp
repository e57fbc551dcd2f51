#pragma once

#include <filesystem>

#include "experiments/program/console.hpp"

namespace lockstep {

/// Prints a line for each evaluation of a run, and at most one in 30 s between them, as long as a
/// process trains it. At the end it prints how the run ended. It also ends when nobody reads its
/// output any more. On file systems without locks it prints what there is.
void follow_run(const Console& console, const std::filesystem::path& run);

}  // namespace lockstep
