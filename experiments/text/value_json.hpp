#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {

/// A document as JSON: numbers, truths and nothing as such, all other scalars as text.
nlohmann::ordered_json to_json(const Value& value);

/// The code behind an error's sentence, "E502"; null where there is none.
nlohmann::ordered_json code_json(std::string_view sentence);

/// The object that --json prints in the place of a result: error, code and exit_code.
std::string error_json(const Error& error);

}  // namespace lockstep
