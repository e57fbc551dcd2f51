#include <algorithm>
#include <cstdlib>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/command.hpp"
#include "experiments/help.hpp"
#include "framework/core/build_info.hpp"
#include "framework/core/error.hpp"
#include "framework/core/parallel.hpp"
#include "framework/core/settings.hpp"
#include "framework/kernels/isa.hpp"

namespace lockstep {
namespace {

constexpr int kMostThreads = 1024;

std::string text_of(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

void add_common_options(CLI::App& app, CommonOptions& options) {
  app.add_flag("--json", options.json, "One JSON object on stdout, and nothing else there");
  app.add_option("--threads", options.threads,
                 "Threads of each rank (default: the cores it may run on)")
      ->check(CLI::Range(1, kMostThreads))
      ->type_name("N");
  app.add_flag("--quiet", options.quiet, "No remarks and no progress on stderr");
  app.add_option("--color", options.color, "Colour: auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
}

// CLI11 describes some mistakes in a few words; make them a sentence that says where to look.
std::string usage_sentence(const CLI::ParseError& error, const CLI::App& app) {
  std::string verb;
  for (const CLI::App* used : app.get_subcommands()) verb = " " + used->get_name();
  return fmt::format("The command line is not understood: {}; see 'lockstep{} --help'.",
                     error.what(), verb);
}

// CLI11 would only say that a verb is missing.
void check_verb(std::span<const char* const> words,
                const std::vector<std::unique_ptr<Command>>& commands) {
  std::vector<std::string_view> names;
  for (const auto& command : commands) names.push_back(command->name());
  const std::string_view word = words.size() > 1 ? words[1] : "";
  if (word.starts_with('-') || std::ranges::find(names, word) != names.end()) return;
  throw CollectiveError(
      ErrorKind::usage,
      fmt::format("Expected a verb ({}), but found {}{}; see 'lockstep --help'.",
                  fmt::join(names, ", "), word.empty() ? "none" : fmt::format("'{}'", word),
                  did_you_mean(word, names)));
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
  const std::vector<std::unique_ptr<Command>> commands = all_commands();
  CommonOptions options;
  CLI::App app(
      "Lockstep trains small convolutional networks on all cores and under mpirun, with "
      "the same bits on any number of threads and ranks.",
      "lockstep");
  app.set_version_flag("--version",
                       fmt::format("lockstep {} ({})", build_info().version, build_info().commit));
  app.require_subcommand(1);
  use_short_help(app);
  app.footer("'lockstep VERB --help' tells more about a verb.");
  Command* chosen = nullptr;
  for (const auto& command : commands) {
    CLI::App* const verb =
        app.add_subcommand(std::string(command->name()), std::string(command->summary()));
    verb->group("Verbs");
    command->add_options(*verb);
    add_common_options(*verb, options);
    verb->footer(std::string(command->notes()));
    verb->callback([&chosen, &command] { chosen = command.get(); });
  }
  check_verb({argv, static_cast<std::size_t>(argc)}, commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    if (session.rank() == 0) fmt::print("{}", help_text(app));
    return 0;
  } catch (const CLI::Success& request) {  // --version
    return session.rank() == 0 ? app.exit(request) : 0;
  } catch (const CLI::ParseError& error) {
    throw CollectiveError(ErrorKind::usage, usage_sentence(error, app));
  }
  return run_command(*chosen, session, options);
}

}  // namespace lockstep
