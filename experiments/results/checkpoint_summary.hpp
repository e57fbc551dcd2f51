#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

#include "experiments/program/command.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"

namespace lockstep {

/// What `inspect --json` says of a checkpoint.
nlohmann::ordered_json checkpoint_json(const std::filesystem::path& path,
                                       const LoadedCheckpoint& loaded);

void inspect_checkpoint(const Console& console, const std::filesystem::path& path);

}  // namespace lockstep
