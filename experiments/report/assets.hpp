#pragma once

#include <string_view>

namespace lockstep {

/// A file that the report's pages are made of. The build puts them into the program.
struct ReportAsset {
  std::string_view name;  ///< "report.css"
  std::string_view text;
  std::string_view sha256;  ///< of the text, 64 hexadecimal digits
};

/// The asset with this name, which must exist.
const ReportAsset& report_asset(std::string_view name);

}  // namespace lockstep
