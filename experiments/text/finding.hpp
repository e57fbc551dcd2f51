#pragma once

// What a verb has found and tells people: `check` about a network, `doctor` about a machine.

#include <string>
#include <string_view>

#include "framework/core/shape.hpp"

namespace lockstep {

enum class FindingLevel {
  ok,
  note,         ///< worth knowing, but may be intended
  consequence,  ///< follows from earlier findings and goes away with them
  change,       ///< costs speed, ends runs, or keeps a network from learning, and can be changed
};

/// "ok", "note", "follows", "change"
std::string_view to_string(FindingLevel level);

struct Finding {
  std::string where;  ///< a section of the subject
  FindingLevel level = FindingLevel::ok;
  std::string message;  ///< full sentences with what was measured and what to do
};

/// "nothing to change", "1 thing to change", "2 things to change"
std::string to_change(Index findings);

}  // namespace lockstep
