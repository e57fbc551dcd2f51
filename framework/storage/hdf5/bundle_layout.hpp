#pragma once

// Names in a bundle that its writer and its reader share. README.md describes the layout.

#include <cstdint>

namespace lockstep::bundle_layout {

inline constexpr const char* kFormat = "lockstep-bundle";
inline constexpr std::int64_t kSchemaVersion = 1;

inline constexpr const char* kRuns = "/runs";
inline constexpr const char* kMetrics = "metrics";
inline constexpr const char* kCheckpoints = "checkpoints";

// Attributes of the root and of a run.
inline constexpr const char* kKind = "kind";  ///< "run" or "sweep"
inline constexpr const char* kName = "name";
inline constexpr const char* kVersion = "version";  ///< of the program that wrote the file
inline constexpr const char* kStatus = "status";

}  // namespace lockstep::bundle_layout
