#pragma once

#include <filesystem>

#include "experiments/report/page.hpp"

namespace lockstep {

/// Whether a folder looks like a sweep's: it has a sweep.yaml.
bool is_sweep_directory(const std::filesystem::path& folder);

/// What there is to say about a sweep: its trials as index.h5 lists them, each as its own files say
/// it is now.
/// @param place  the folder that the page will be in, for links to the trials' pages
/// @throws Error (data) when there is no index that can be read
ReportPage sweep_report(const std::filesystem::path& sweep, const std::filesystem::path& place);

}  // namespace lockstep
