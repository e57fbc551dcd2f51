#pragma once

#include <filesystem>

#include "experiments/program/console.hpp"

namespace lockstep {

/// Prints what a bundle is and what it contains.
void inspect_bundle(const Console& console, const std::filesystem::path& path);

}  // namespace lockstep
