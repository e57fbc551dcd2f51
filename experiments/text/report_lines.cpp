#include "experiments/text/report_lines.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lockstep {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kIndent = 8;

// The next stretch without a space. A command line in backticks or quotes counts as one: if it were
// broken, it could not be copied.
std::string_view next_word(std::string_view text) {
  const bool is_command = text.front() == '`' || text.front() == '\'';
  const std::size_t closing = is_command ? text.find(text.front(), 1) : std::string_view::npos;
  return text.substr(0, text.find(' ', closing == std::string_view::npos ? 0 : closing));
}

}  // namespace

void add_wrapped(std::string_view first, std::string_view message, std::vector<ReportLine>& lines) {
  std::string line = fmt::format("{:<{}}", first, kIndent);
  bool is_empty = true;
  while (!message.empty()) {
    const std::string_view word = next_word(message);
    if (!is_empty && line.size() + 1 + word.size() > kWidth) {
      lines.push_back({line});
      line = std::string(kIndent, ' ');
      is_empty = true;
    }
    if (!is_empty) line += ' ';
    line += word;
    is_empty = false;
    message.remove_prefix(std::min(message.size(), word.size() + 1));
  }
  lines.push_back({line});
}

}  // namespace lockstep
