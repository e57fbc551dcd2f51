#pragma once

// Makes the text of a report's page. The only place of the template engine.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace lockstep {

/// One page, which loads nothing from elsewhere.
struct ReportPage {
  std::string body;                  ///< its template, "run.mustache"
  std::vector<std::string> scripts;  ///< in order, after the libraries that all pages have
  nlohmann::ordered_json view;       ///< the values of the template; every text is escaped
  nlohmann::ordered_json data;       ///< what the scripts draw
  std::vector<std::string> notes;    ///< sentences about what could not be shown
};

/// The HTML. A policy in it allows only the program's own scripts to run, whatever the results
/// hold.
std::string render_page(const ReportPage& page);

/// JSON for an HTML script element: it contains no < > & and no byte that is not UTF-8.
std::string script_json(const nlohmann::ordered_json& json);

/// How a template shows a number: its text, its name in `inspect --json`, and the exact value.
nlohmann::ordered_json number_cell(std::string name, const nlohmann::ordered_json& value,
                                   std::string text);

}  // namespace lockstep
