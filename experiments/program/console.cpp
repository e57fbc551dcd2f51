#include "experiments/program/console.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "cluster/mpi_session.hpp"
#include "experiments/program/output.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {
namespace {

bool has_text(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// NO_COLOR wins over CLICOLOR_FORCE; an explicit --color wins over both.
bool wants_color(const std::string& choice, int descriptor, bool under_launcher) {
  if (choice == "always") return true;
  if (choice == "never" || has_text("NO_COLOR")) return false;
  const char* const force = std::getenv("CLICOLOR_FORCE");
  if (force != nullptr && *force != '\0' && std::string_view(force) != "0") return true;
  const char* const terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  return isatty(descriptor) == 1 && !dumb && !under_launcher;
}

constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kPlain = "\033[0m";

// Escapes everything except the escape sequences of Console::bold.
std::string escape_all_but_bold(std::string_view line) {
  std::string shown;
  while (true) {
    const std::size_t at = std::min(line.find(kBold), line.find(kPlain));
    shown += escape_controls(line.substr(0, at));
    if (at == std::string_view::npos) return shown;
    shown += line.substr(at, kBold.size());
    line.remove_prefix(at + kBold.size());
  }
}

}  // namespace

Console::Console(const CommonOptions& options, const MpiSession& session)
    : json_(options.json),
      quiet_(options.quiet),
      results_(session.rank() == 0 ? stdout : nullptr),
      remarks_(session.rank() == 0 ? stderr : nullptr),
      color_out_(wants_color(options.color, STDOUT_FILENO, session.under_launcher())),
      color_err_(wants_color(options.color, STDERR_FILENO, session.under_launcher())),
      redraws_(isatty(STDERR_FILENO) == 1 && !session.under_launcher()) {}

Console::Console(std::FILE* warnings) : remarks_(warnings) {}

void Console::result(std::string_view line) const {
  if (!json_) write_result(color_out_ ? escape_all_but_bold(line) : escape_controls(line));
}

void Console::json_object(const std::string& text) const {
  if (json_) write_result(text);
}

void Console::remark(std::string_view line) const {
  if (remarks_ == nullptr || quiet_) return;
  write_to(remarks_, fmt::format("{}\n", escape_controls(line)));
}

void Console::warning(std::string_view line) const {
  if (remarks_ == nullptr) return;
  write_to(remarks_, fmt::format("{} {}\n", color_err_ ? "\033[33mwarning:\033[0m" : "warning:",
                                 escape_controls(line)));
}

void Console::redraw(std::string_view line) const {
  if (remarks_ != nullptr) write_to(remarks_, fmt::format("\r\033[K{}", line));
}

void Console::check_results() const { check_output(output_error_); }

void Console::write_result(std::string_view line) const {
  has_result_ = true;
  if (results_ == nullptr) return;
  const int error_number = write_to(results_, fmt::format("{}\n", line));
  if (output_error_ == 0) output_error_ = error_number;
}

std::string Console::bold(std::string_view text) const {
  return color_out_ ? fmt::format("{}{}{}", kBold, text, kPlain) : std::string(text);
}

}  // namespace lockstep
