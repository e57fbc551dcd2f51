#pragma once

#include <filesystem>

#include "experiments/program/command.hpp"
#include "experiments/report/page.hpp"

namespace lockstep {

/// The page about a run: everything that its files hold, and how its newest weights do on the data.
/// What cannot be read is left out, and a note says why.
/// @throws Error (data) if the folder itself cannot be read
ReportPage run_report(const CommandContext& context, const std::filesystem::path& run);

}  // namespace lockstep
