# Puts the files of the report's pages into the program: generated/report_assets.cpp has each as bytes, with the SHA-256 that
# the page's security policy names. The chart libraries come from the distribution; nothing of them is in this tree.

function(find_report_library variable file package)
  find_file(${variable} ${file} PATHS /usr/local/share/javascript /usr/share/javascript NO_DEFAULT_PATH)
  if(NOT ${variable})
    message(FATAL_ERROR "The pages of `lockstep report` need ${file}, which is neither in /usr/share/javascript nor in "
                        "/usr/local/share/javascript. Install the package ${package} or set -D${variable}=FILE.")
  endif()
endfunction()

find_report_library(DYGRAPHS_SCRIPT dygraphs/dygraph.min.js libjs-dygraphs)
find_report_library(DYGRAPHS_STYLE dygraphs/dygraph.min.css libjs-dygraphs)
find_report_library(D3_SCRIPT d3/d3.min.js libjs-d3)

set(report_files "${DYGRAPHS_SCRIPT}" "${DYGRAPHS_STYLE}" "${D3_SCRIPT}")
file(GLOB page_files CONFIGURE_DEPENDS experiments/report/assets/*)
list(APPEND report_files ${page_files})

set(report_arrays "")
set(report_entries "")
set(number 0)
foreach(file IN LISTS report_files)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  cmake_path(GET file FILENAME name)
  file(READ "${file}" text)
  # A page has no files beside it that a debugger could look for.
  string(REGEX REPLACE "//# sourceMappingURL=[^\n]*|/\\*# sourceMappingURL=[^\n]*" "" text "${text}")
  set(embedded "${PROJECT_BINARY_DIR}/generated/report/${name}")
  file(WRITE "${embedded}" "${text}")
  file(SHA256 "${embedded}" digest)
  file(READ "${embedded}" hexadecimal HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hexadecimal}")
  string(APPEND report_arrays "constexpr char kFile${number}[] = {${bytes}};\n")
  string(APPEND report_entries "    {\"${name}\", {kFile${number}, sizeof kFile${number}}, \"${digest}\"},\n")
  math(EXPR number "${number} + 1")
endforeach()
configure_file(experiments/report/assets.cpp.in generated/report_assets.cpp @ONLY)
