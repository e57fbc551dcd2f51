#include <algorithm>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "experiments/program/command.hpp"
#include "experiments/program/command_line.hpp"
#include "experiments/program/output.hpp"
#include "experiments/text/value_json.hpp"
#include "framework/core/build_info.hpp"
#include "framework/core/parallel.hpp"
#include "framework/kernels/isa.hpp"
#include "framework/storage/hdf5/reading.hpp"

namespace lockstep {
namespace {

std::string text_of(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

std::vector<int> gather_asked_threads(Communicator& communicator, int mine) {
  std::vector<int> threads;
  for (const std::string& text : all_gather_text(communicator, fmt::format("{}", mine))) {
    threads.push_back(std::stoi(text));
  }
  return threads;
}

// For a command line that was not understood: whether the option comes after a verb.
bool asks_for_json(std::span<const char* const> words) {
  return words.size() > 2 && std::ranges::count(words.subspan(2), std::string_view("--json")) > 0;
}

// With --json an error is also an object, beside the sentence on stderr.
void print_error(const MpiSession& session, const std::exception& exception) {
  if (session.rank() == 0) write_to(stdout, error_json(as_error(exception)) + "\n");
}

int run_command(Command& command, MpiSession& session, const CommonOptions& options,
                std::span<const char* const> words) {
  if (options.trust) trust_hdf5_files();
  const Console console(options, session);
  const CommandContext context{
      .session = session,
      .options = options,
      .console = console,
      .data_places = usual_places(text_of("LOCKSTEP_DATA"), build_info()),
      .words = words,
      .asked_threads = gather_asked_threads(session.communicator(), options.threads)};
  session.set_deadline(0);  // a verb sets its own limit
  try {
    fail_together(session.communicator(), [] { apply_isa_setting(text_of("LOCKSTEP_ISA")); });
    const int exit_code = command.run(context);
    fail_together(session.communicator(), [&] { console.check_results(); });
    return exit_code;
  } catch (const std::exception& exception) {
    if (options.json && !console.has_result()) print_error(session, exception);
    throw;
  }
}

}  // namespace

int CommandContext::threads() const {
  return options.threads > 0 ? options.threads : session.fair_threads();
}

int run_program(MpiSession& session, int argc, const char* const* argv) {
  use_default_arithmetic();
  std::vector<Verb> verbs = all_verbs();
  std::ranges::sort(verbs, {}, &Command::place);
  const std::span<const char* const> words(argv, static_cast<std::size_t>(argc));
  CommonOptions options;
  Request request;
  try {
    fail_together(session.communicator(),
                  [&] { request = parse_command_line(words, verbs, options); });
    require_agreement(session.communicator(),
                      {.what = "command line",
                       .mine = request.agreement,
                       .code = errors::kRanksDiffer,
                       .advice = "start all ranks with the same verb, files and options (--threads "
                                 "alone may differ)."});
  } catch (const std::exception& exception) {
    if (asks_for_json(words)) print_error(session, exception);
    throw;
  }
  if (request.command != nullptr) return run_command(*request.command, session, options, words);
  fail_together(session.communicator(), [&] {
    if (session.rank() == 0) check_output(write_to(stdout, request.text));
  });
  return 0;
}

}  // namespace lockstep
