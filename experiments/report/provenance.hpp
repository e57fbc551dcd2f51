#pragma once

#include <filesystem>

#include "experiments/report/page.hpp"

namespace lockstep {

/// Where a checkpoint comes from, and how far and how long it was trained.
/// @throws Error (data)
void add_provenance(const std::filesystem::path& checkpoint, ReportPage& page);

/// The commands that train a run again, and when its files were written.
void add_commands(const std::filesystem::path& run, ReportPage& page);

}  // namespace lockstep
