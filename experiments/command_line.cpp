#include "experiments/command_line.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "experiments/command.hpp"
#include "framework/core/build_info.hpp"
#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {
namespace {

constexpr int kMostThreads = 1024;
constexpr std::size_t kWidth = 80;
constexpr std::size_t kDescriptionColumn = 26;

// CLI11 lists types, bounds and exclusions beside each option; their place is the description.
class ShortFormatter final : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";
    const std::string type = option->get_type_name();
    if (option->nonpositional()) return " " + type.substr(0, type.find(':'));
    return option->get_expected_max() > 1 ? " ..." : "";
  }
};

// Breaks a line at spaces; what goes on stands below the description.
void wrap(const std::string& line, std::ostream& out) {
  const std::size_t indent = line.starts_with("  ") ? kDescriptionColumn : 0;
  std::string rest = line;
  while (rest.size() > kWidth) {
    const std::size_t space = rest.rfind(' ', kWidth);
    if (space == std::string::npos || space <= indent) break;
    out << rest.substr(0, space) << '\n';
    rest = std::string(indent, ' ') + rest.substr(space + 1);
  }
  out << rest << '\n';
}

// Of the verb that was asked for, or of the program.
std::string help_text(const CLI::App& app) {
  std::istringstream lines(app.help());
  std::ostringstream wrapped;
  for (std::string line; std::getline(lines, line);) wrap(line, wrapped);
  return wrapped.str();
}

void add_common_options(OptionList& list, CommonOptions& options) {
  list.flag("--json", options.json, "One JSON object on stdout, and nothing else there");
  list.count({"--threads", "N"}, kMostThreads, options.threads,
             "Threads of each rank (default: the cores it may run on)");
  list.flag("--quiet", options.quiet, "No remarks and no progress on stderr");
  list.choice({"--color", "WHEN"}, {"auto", "always", "never"}, options.color,
              "Colour: auto, always or never");
}

// CLI11 describes some mistakes in a few words; make them a sentence that says where to look.
std::string usage_sentence(const CLI::ParseError& error, const CLI::App& app) {
  std::string verb;
  for (const CLI::App* used : app.get_subcommands()) verb = " " + used->get_name();
  return fmt::format("The command line is not understood: {}; see 'lockstep{} --help'.",
                     error.what(), verb);
}

// CLI11 would only say that a verb is missing.
void check_verb(std::string_view word, const std::vector<std::unique_ptr<Command>>& commands) {
  std::vector<std::string_view> names;
  for (const auto& command : commands) names.push_back(command->name());
  if (word.starts_with('-') || std::ranges::find(names, word) != names.end()) return;
  throw CollectiveError(
      ErrorKind::usage,
      fmt::format("Expected a verb ({}), but found {}{}; see 'lockstep --help'.",
                  fmt::join(names, ", "), word.empty() ? "none" : fmt::format("'{}'", word),
                  did_you_mean(word, names)));
}

}  // namespace

void OptionList::argument(const std::string& name, std::string& value, const std::string& help) {
  app_.add_option(name, value, help)->required();
}

void OptionList::arguments(const std::string& name, std::vector<std::string>& values,
                           const std::string& help) {
  app_.add_option(name, values, help)->required();
}

void OptionList::overrides(std::vector<std::string>& values, const std::string& help) {
  app_.add_option("OVERRIDES", values, help);
}

void OptionList::text(const Name& name, std::string& value, const std::string& help) {
  app_.add_option(name.option, value, help)->type_name(name.value);
}

void OptionList::choice(const Name& name, const std::vector<std::string>& choices,
                        std::string& value, const std::string& help) {
  app_.add_option(name.option, value, help)->check(CLI::IsMember(choices))->type_name(name.value);
}

void OptionList::count(const Name& name, int most, int& value, const std::string& help) {
  app_.add_option(name.option, value, help)->check(CLI::Range(1, most))->type_name(name.value);
}

void OptionList::flag(const std::string& option, bool& value, const std::string& help) {
  app_.add_flag(option, value, help);
}

Request parse_command_line(std::span<const char* const> words,
                           const std::vector<std::unique_ptr<Command>>& commands,
                           CommonOptions& options) {
  check_verb(words.size() > 1 ? words[1] : "", commands);
  CLI::App app(
      "Lockstep trains small convolutional networks on all cores and under mpirun, with "
      "the same bits on any number of threads and ranks.",
      "lockstep");
  const std::string version =
      fmt::format("lockstep {} ({})\n", build_info().version, build_info().commit);
  app.set_version_flag("--version", version);
  app.require_subcommand(1);
  app.footer("'lockstep VERB --help' tells more about a verb.");
  const auto formatter = std::make_shared<ShortFormatter>();
  formatter->column_width(kDescriptionColumn);
  formatter->label("SUBCOMMAND", "VERB");
  app.formatter(formatter);
  Request request;
  for (const auto& command : commands) {
    CLI::App* const verb =
        app.add_subcommand(std::string(command->name()), std::string(command->summary()));
    verb->group("Verbs");
    verb->footer(std::string(command->notes()));
    verb->callback([&request, &command] { request.command = command.get(); });
    OptionList list(*verb);
    command->add_options(list);
    add_common_options(list, options);
  }
  try {
    app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::CallForHelp&) {
    return {.text = help_text(app)};
  } catch (const CLI::CallForVersion&) {
    return {.text = version};
  } catch (const CLI::ParseError& error) {
    throw CollectiveError(ErrorKind::usage, usage_sentence(error, app));
  }
  return request;
}

}  // namespace lockstep
