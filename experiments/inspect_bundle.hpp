#pragma once

#include <filesystem>

#include "experiments/command.hpp"

namespace lockstep {

/// Whether a file is a bundle; @throws Error (data): missing, or not HDF5
bool is_bundle_file(const std::filesystem::path& path);

/// Prints what a bundle is and what is inside.
void inspect_bundle(const Console& console, const std::filesystem::path& path);

}  // namespace lockstep
