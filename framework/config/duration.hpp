#pragma once

#include <string_view>

#include "framework/core/settings.hpp"

namespace lockstep {

/// Reads a duration in seconds: 90, 90s, 1.5m or 2h; from 0 to 1e9 seconds.
double duration_or(SettingsReader& reader, std::string_view key, double otherwise);

}  // namespace lockstep
