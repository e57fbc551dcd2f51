#pragma once

// The names in our HDF5 files that writers and readers share, with a namespace for each kind of
// file. README.md describes the layouts.

#include <cstdint>

namespace lockstep {

namespace checkpoint_layout {

inline constexpr const char* kFormat = "lockstep-checkpoint";
inline constexpr std::int64_t kSchemaVersion = 1;

inline constexpr const char* kExperiment = "/experiment";
inline constexpr const char* kModel = "/model";
inline constexpr const char* kParameters = "/parameters";
inline constexpr const char* kOptimizer = "/optimizer";
inline constexpr const char* kState = "/state";
inline constexpr const char* kProvenance = "/provenance";

inline constexpr const char* kLongName = "long_name";  ///< of data sets and groups

}  // namespace checkpoint_layout

namespace metrics_layout {

inline constexpr const char* kFormat = "lockstep-metrics";
inline constexpr std::int64_t kSchemaVersion = 1;

}  // namespace metrics_layout

namespace sweep_layout {

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

}  // namespace sweep_layout

namespace bundle_layout {

inline constexpr const char* kFormat = "lockstep-bundle";
inline constexpr std::int64_t kSchemaVersion = 1;

inline constexpr const char* kRuns = "/runs";
inline constexpr const char* kMetrics = "metrics";
inline constexpr const char* kCheckpoints = "checkpoints";

// Attributes of the root and of each run.
inline constexpr const char* kKind = "kind";  ///< "run" or "sweep"
inline constexpr const char* kName = "name";
inline constexpr const char* kVersion = "version";  ///< of the program that wrote the file
inline constexpr const char* kStatus = "status";

}  // namespace bundle_layout

}  // namespace lockstep
