#pragma once

// Names in a checkpoint file that its writer and its reader share. README.md describes the layout.

#include <cstdint>
#include <string_view>

namespace lockstep::checkpoint_layout {

inline constexpr std::string_view kFormat = "lockstep-checkpoint";
inline constexpr std::int64_t kSchemaVersion = 1;

inline constexpr const char* kExperiment = "/experiment";
inline constexpr const char* kModel = "/model";
inline constexpr const char* kParameters = "/parameters";
inline constexpr const char* kOptimizer = "/optimizer";
inline constexpr const char* kState = "/state";
inline constexpr const char* kProvenance = "/provenance";

inline constexpr const char* kLongName = "long_name";  ///< of data sets and groups

}  // namespace lockstep::checkpoint_layout
