#pragma once

// What the tables of a README say, for tests that compare them with the code.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "framework/core/build_info.hpp"

namespace lockstep::testing {

/// What the first group of the expression has matched, in order.
inline std::vector<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex expression(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    found.push_back((*at)[1]);
  }
  return found;
}

/// The texts in backticks.
inline std::vector<std::string> quoted(const std::string& text) {
  return matches(text, "`([^`]*)`");
}

/// The cells of a row: "| a | b |" has two.
inline std::vector<std::string> cells_of(const std::string& row) {
  return matches(row, "[|] ((?:[^|]|[|](?! ))*?) ?(?=[|])");
}

/// The rows of the first table with this head, such as "| Key | Meaning |".
/// @param readme  its path below the top folder
inline std::vector<std::string> table_below(const std::string& readme, const std::string& head) {
  std::ifstream file(std::filesystem::path(build_info().source_directory) / readme);
  std::vector<std::string> rows;
  std::string line;
  while (std::getline(file, line) && line != head) {
  }
  std::getline(file, line);  // the ruler
  while (std::getline(file, line) && line.starts_with("| ")) rows.push_back(line);
  if (rows.empty()) throw std::runtime_error(readme + " has no table " + head);
  return rows;
}

}  // namespace lockstep::testing
