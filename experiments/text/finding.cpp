#include "experiments/text/finding.hpp"

#include <fmt/format.h>

#include "experiments/text/figures.hpp"

namespace lockstep {

std::string_view to_string(FindingLevel level) {
  switch (level) {
    case FindingLevel::ok:
      return "ok";
    case FindingLevel::note:
      return "note";
    case FindingLevel::consequence:
      return "follows";
    case FindingLevel::change:
      break;
  }
  return "change";
}

std::string to_change(Index findings) {
  return fmt::format("{} to change",
                     findings == 0 ? std::string("nothing") : count_of(findings, "thing"));
}

}  // namespace lockstep
