#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// A line of a report for people.
struct ReportLine {
  std::string text;
  bool is_heading = false;
};

/// Adds a message in lines of 80 columns, after a first word of at most 8 columns. Command lines in
/// backticks or quotes are not broken, so that they can be copied.
void add_wrapped(std::string_view first, std::string_view message, std::vector<ReportLine>& lines);

}  // namespace lockstep
