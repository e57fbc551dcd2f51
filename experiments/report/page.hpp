#pragma once

// From what a report says to the text of its page. The only place of the template engine.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace lockstep {

/// One page: nothing of it is loaded from elsewhere.
struct ReportPage {
  std::string body;                  ///< its template, "run.mustache"
  std::vector<std::string> scripts;  ///< in their order, behind the libraries that all pages have
  nlohmann::ordered_json view;       ///< what the template names; every text is escaped
  nlohmann::ordered_json data;       ///< what the scripts draw
  std::vector<std::string> notes;    ///< sentences on what could not be shown
};

/// HTML. A policy in it lets run the program's own scripts alone, whatever the results hold.
std::string render_page(const ReportPage& page);

/// JSON for an HTML script element: it has none of < > & and no byte that is not UTF-8.
std::string script_json(const nlohmann::ordered_json& json);

/// What a template shows of a number: its text, its name in `inspect --json`, and the exact value.
nlohmann::ordered_json number_cell(std::string name, const nlohmann::ordered_json& value,
                                   std::string text);

}  // namespace lockstep
