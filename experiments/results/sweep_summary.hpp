#pragma once

#include <filesystem>

#include "experiments/program/console.hpp"

namespace lockstep {

/// The trials of a sweep. @param path  its folder, or its file index.h5
void inspect_sweep(const Console& console, const std::filesystem::path& path);

}  // namespace lockstep
