#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {

/// A document as JSON: numbers, truth values and nulls as such, all other scalars as text.
nlohmann::ordered_json to_json(const Value& value);

/// The code at the end of an error's sentence, "E502"; null if there is none.
nlohmann::ordered_json code_json(std::string_view sentence);

/// The object that --json prints in place of a result: error, code and exit_code.
std::string error_json(const Error& error);

}  // namespace lockstep
