#pragma once

#include <nlohmann/json_fwd.hpp>

#include "framework/core/settings.hpp"

namespace lockstep {

/// A document as JSON: numbers, truths and nothing as such, all other scalars as text.
nlohmann::ordered_json to_json(const Value& value);

}  // namespace lockstep
