#pragma once

#include <filesystem>

#include <nlohmann/json_fwd.hpp>

#include "experiments/program/console.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"

namespace lockstep {

/// The description of a checkpoint for `inspect --json`.
nlohmann::ordered_json checkpoint_json(const std::filesystem::path& path,
                                       const LoadedCheckpoint& loaded);

void inspect_checkpoint(const Console& console, const std::filesystem::path& path);

}  // namespace lockstep
