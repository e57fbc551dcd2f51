#pragma once

#include <filesystem>

#include "experiments/report/page.hpp"

namespace lockstep {

/// Whether a folder looks like that of a sweep: it has a sweep.yaml.
bool is_sweep_directory(const std::filesystem::path& folder);

/// The page about a sweep: its trials as index.h5 lists them, each in the state that its own files
/// show now.
/// @param place  the folder of the page, for links to the trials' pages
/// @throws Error (data) if no index can be read
///
ReportPage sweep_report(const std::filesystem::path& sweep, const std::filesystem::path& place);

}  // namespace lockstep
