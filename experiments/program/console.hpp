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
  int threads = 0;  ///< 0: this rank's fair share of cores
  std::string color = "auto";
};

/// Where a verb writes. Results go to stdout, remarks and progress to stderr, so that a pipe gets
/// results alone. Only rank 0's console says anything. A launcher such as mpirun gives its
/// processes terminals of its own making, which say nothing about where the output ends up: under
/// one there is no colour unless it is asked for.
class Console {
 public:
  Console(const CommonOptions& options, const MpiSession& session);
  /// Says nothing but warnings.
  /// @param warnings  where they go; null: nowhere
  explicit Console(std::FILE* warnings);

  bool json() const { return json_; }
  /// Whether stderr is a terminal that may be redrawn by this process.
  bool redraws() const { return redraws_; }

  /// A result for people; silent with --json.
  void result(std::string_view line) const;
  /// The one object of --json.
  void json_object(const std::string& text) const;
  /// Whether a result has been given out.
  bool has_result() const { return has_result_; }
  /// A remark on stderr; silent with --quiet.
  void remark(std::string_view line) const;
  /// Like a remark, but never silenced: something is not as the user may think.
  void warning(std::string_view line) const;
  /// Puts this in the place of the terminal's current line, on stderr.
  void redraw(std::string_view line) const;

  /// @throws Error (data) when a result could not be written. What goes to stderr may get lost.
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
