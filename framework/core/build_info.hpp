#pragma once

// What this program was built from and how. Constant after the build; safe from any thread.

#include <string_view>

namespace lockstep {

struct BuildInfo {
  std::string_view version;
  std::string_view commit;      // twelve hexadecimal digits; "unknown" outside a git repository
  std::string_view compiler;    // name and version
  std::string_view build_type;  // Release, Audit, Debug or Sanitize
  std::string_view
      source_directory;  // where models/, experiments/ and data/ are found in a source tree
  std::string_view share_directory;  // where an installed program finds the same folders
};

BuildInfo build_info();

}  // namespace lockstep
