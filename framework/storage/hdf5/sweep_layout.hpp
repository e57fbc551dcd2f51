#pragma once

// Names in a sweep's index that its writer and its reader share. README.md describes the layout.

#include <cstdint>

namespace lockstep::sweep_layout {

inline constexpr const char* kFormat = "lockstep-sweep";
inline constexpr std::int64_t kSchemaVersion = 1;

inline constexpr const char* kTrials = "/trials";
inline constexpr const char* kNumber = "number";
inline constexpr const char* kTrial = "trial";
inline constexpr const char* kStatus = "status";
inline constexpr const char* kSteps = "steps";
inline constexpr const char* kDigest = "digest";

inline constexpr const char* kCurves = "/curves";
inline constexpr const char* kRuns = "/runs";

}  // namespace lockstep::sweep_layout
