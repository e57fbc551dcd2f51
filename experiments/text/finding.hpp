#pragma once

// What a verb has found and tells people: `check` of a network, `doctor` of a machine.

#include <string>
#include <string_view>

#include "framework/core/shape.hpp"

namespace lockstep {

enum class FindingLevel {
  ok,
  note,         ///< worth knowing; may be meant
  consequence,  ///< of findings before it: goes away with them
  change,       ///< costs speed, ends runs, or keeps a network from learning, and can be changed
};

/// "ok", "note", "follows", "change"
std::string_view to_string(FindingLevel level);

struct Finding {
  std::string where;  ///< a section of what was looked at
  FindingLevel level = FindingLevel::ok;
  std::string message;  ///< full sentences with what was measured and what to do
};

/// "nothing to change", "1 thing to change", "2 things to change"
std::string to_change(Index findings);

}  // namespace lockstep
