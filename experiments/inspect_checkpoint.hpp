#pragma once

#include <filesystem>

#include "experiments/command.hpp"

namespace lockstep {

void inspect_checkpoint(const Console& console, const std::filesystem::path& path);

}  // namespace lockstep
