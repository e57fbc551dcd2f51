#pragma once

// What this program was built from and how. Constant after the build; safe from any thread.

#include <string_view>

namespace lockstep {

struct BuildInfo {
  std::string_view version;
  std::string_view commit;      // twelve hexadecimal digits; "unknown" outside a git repository
  std::string_view compiler;    // name and version
  std::string_view build_type;  // Release, Audit, Debug or Sanitize
  std::string_view sanitizers;  // "address,undefined"; empty without
  // Where models/, experiments/ and data/ are: in the source tree, and once installed.
  std::string_view source_directory;
  std::string_view share_directory;
};

BuildInfo build_info();

}  // namespace lockstep
