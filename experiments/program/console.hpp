#pragma once

// Where output goes, and the options of all verbs that decide it.

#include <cstdio>
#include <string>
#include <string_view>

namespace lockstep {

class MpiSession;

struct CommonOptions {
  bool json = false;
  bool quiet = false;
  bool trust = false;  ///< HDF5 files are parsed in this process
  int threads = 0;     ///< 0: this rank's fair share of cores
  std::string color = "auto";
};

/// Where a verb writes. Results go to stdout, remarks and progress to stderr, so that a pipe gets
/// results alone. Only the console of rank 0 prints. A launcher such as mpirun gives its processes
/// terminals of its own, which say nothing about where the output ends up. So under a launcher
/// there is no colour unless it is asked for.
class Console {
 public:
  Console(const CommonOptions& options, const MpiSession& session);
  /// Prints nothing but warnings.
  /// @param warnings  where they go; null: nowhere
  explicit Console(std::FILE* warnings);

  bool json() const { return json_; }
  /// Whether stderr is a terminal whose current line this process may redraw.
  bool redraws() const { return redraws_; }

  /// Prints a result for people. Silent with --json.
  void result(std::string_view line) const;
  /// Prints the one object of --json.
  void json_object(const std::string& text) const;
  /// Whether a result has been printed.
  bool has_result() const { return has_result_; }
  /// Prints a remark on stderr. Silent with --quiet.
  void remark(std::string_view line) const;
  /// Like a remark, but never silenced: something may not be as the user expects.
  void warning(std::string_view line) const;
  /// Replaces the terminal's current line on stderr.
  void redraw(std::string_view line) const;

  /// @throws Error (data) if a result could not be written. A failure to write to stderr is
  ///         ignored.
  void check_results() const;

  /// Emphasis for stdout, where colour is wanted.
  std::string bold(std::string_view text) const;

 private:
  bool json_ = false;
  bool quiet_ = true;
  std::FILE* results_ = nullptr;  // null: silent
  std::FILE* remarks_;            // likewise
  bool color_out_ = false;
  bool color_err_ = false;
  bool redraws_ = false;
  mutable int output_error_ = 0;  // of the first result that could not be written
  mutable bool has_result_ = false;

  void write_result(std::string_view line) const;
};

}  // namespace lockstep
