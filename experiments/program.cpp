#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "experiments/command.hpp"
#include "experiments/command_line.hpp"
#include "framework/core/build_info.hpp"
#include "framework/core/parallel.hpp"
#include "framework/kernels/isa.hpp"

namespace lockstep {
namespace {

std::string text_of(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

void warn_about_threads(const CommandContext& context) {
  if (context.options.threads > available_threads()) {
    context.console.warning(fmt::format(
        "--threads {} is honoured, but this process may run on {} core{} only, so the "
        "threads will take turns; results stay the same bits.",
        context.options.threads, available_threads(), available_threads() == 1 ? "" : "s"));
  }
}

int run_command(Command& command, MpiSession& session, const CommonOptions& options) {
  apply_isa_setting(text_of("LOCKSTEP_ISA"));
  const Console console(options, session);
  const CommandContext context{.session = session,
                               .options = options,
                               .console = console,
                               .data_places = usual_places(text_of("LOCKSTEP_DATA"), build_info())};
  warn_about_threads(context);
  return command.run(context);
}

}  // namespace

int CommandContext::threads() const {
  return options.threads > 0 ? options.threads : session.fair_threads();
}

std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_train_command());
  commands.push_back(make_evaluate_command());
  commands.push_back(make_predict_command());
  commands.push_back(make_describe_command());
  commands.push_back(make_inspect_command());
  return commands;
}

int run_program(MpiSession& session, int argc, const char* const* argv) {
  use_default_arithmetic();
  const std::vector<std::unique_ptr<Command>> commands = all_commands();
  CommonOptions options;
  const Request request =
      parse_command_line({argv, static_cast<std::size_t>(argc)}, commands, options);
  if (request.command != nullptr) return run_command(*request.command, session, options);
  if (session.rank() == 0) fmt::print("{}", request.text);
  return 0;
}

}  // namespace lockstep
