#include "experiments/program/command_line.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "experiments/program/command.hpp"
#include "framework/core/build_info.hpp"
#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {
namespace {

constexpr int kMostThreads = 1024;
constexpr std::size_t kWidth = 80;
constexpr std::size_t kDescriptionColumn = 26;

// CLI11 lists types, bounds and exclusions beside each option. Here they belong to the description.
class ShortFormatter final : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";
    const std::string type = option->get_type_name();
    if (option->nonpositional()) return " " + type.substr(0, type.find(':'));
    return option->get_expected_max() > 1 ? " ..." : "";
  }
};

// Breaks a line at spaces. Continuation lines are aligned with the description.
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

// The help of the verb that was asked for, or of the program.
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
  list.flag("--quiet", options.quiet, "No remarks and no progress on stderr; warnings stay");
  list.flag("--trust", options.trust,
            "Parse HDF5 files without the protection from damaged and hostile ones");
  list.choice({"--color", "WHEN"}, {"auto", "always", "never"}, options.color,
              "Colour: auto, always or never");
}

std::string footer_of(const Command& command) {
  std::string text = fmt::format("{}\n\nExamples:\n", command.notes());
  for (const std::string_view words : command.examples()) {
    text += fmt::format("  lockstep {}\n", words);
  }
  return text;
}

// "--out" for "--out,-o".
std::string option_name(const CLI::Option& option) { return option.get_name(false, false); }

std::string nearest_option(const std::string& word, const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    if (option->nonpositional()) names.push_back(option_name(*option));
  }
  return did_you_mean(word, std::vector<std::string_view>(names.begin(), names.end()));
}

std::string about_extra(const CLI::App& verb) {
  const std::vector<std::string> extras = verb.remaining();
  const std::string word = extras.empty() ? "" : extras.front();
  if (!word.starts_with('-')) return fmt::format("there is no place for the argument '{}'", word);
  const std::string name = word.substr(0, word.find('='));
  return fmt::format("there is no option {}{}", name, nearest_option(name, verb));
}

// A sentence about an option or argument that was given too often or without its value.
std::string about_number_of_values(const CLI::App& verb, const CLI::ParseError& error) {
  for (const CLI::Option* option : verb.get_options()) {
    if (option->count() > 1 && option->get_expected_max() <= 1) {
      return fmt::format("{} is given {} times, but may be given once", option_name(*option),
                         option->count());
    }
  }
  const std::string words = error.what();
  return words.substr(0, words.find(':')) + " needs a value after it";
}

// CLI11 describes mistakes in a few words. This makes them a sentence that says where to look.
std::string usage_sentence(const CLI::ParseError& error, const CLI::App& app) {
  const std::vector<CLI::App*> used = app.get_subcommands();
  const CLI::App& verb = used.empty() ? app : *used.front();
  std::string what = error.what();
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::ExtrasError:
      what = about_extra(verb);
      break;
    case CLI::ExitCodes::ArgumentMismatch:
      what = about_number_of_values(verb, error);
      break;
    case CLI::ExitCodes::RequiredError:
      what = what.substr(0, what.find(' ')) + " is missing";
      break;
    default:
      break;
  }
  return fmt::format("The command line is not understood: {}{} see '{} --help'.", what,
                     what.ends_with('?') ? "" : ";",
                     used.empty() ? "lockstep" : "lockstep " + verb.get_name());
}

// CLI11 would only say that a verb is missing.
void check_verb(std::string_view word, const std::vector<Verb>& verbs) {
  std::vector<std::string_view> names;
  for (const Verb& command : verbs) names.push_back(command->name());
  if (word == "--help" || word == "-h" || word == "--version") return;
  if (std::ranges::find(names, word) != names.end()) return;
  if (word.starts_with('-')) {
    throw Error(
        errors::kCommandLine,
        fmt::format("The command line begins with the option {}, but options come after the verb "
                    "({}), as in 'lockstep train EXPERIMENT {}'; see 'lockstep --help'.",
                    word, fmt::join(names, ", "), word));
  }
  throw Error(errors::kUnknownVerb,
              fmt::format("Expected a verb ({}), but found {}{}; see 'lockstep --help'.",
                          fmt::join(names, ", "), word.empty() ? "none" : fmt::format("'{}'", word),
                          did_you_mean(word, names)));
}

// One line for each word that was given. Each rank may have its own --threads.
std::string agreement_of(const CLI::App& verb) {
  std::string text = verb.get_name() + "\n";
  for (const CLI::Option* option : verb.get_options()) {
    if (option->count() == 0 || option_name(*option) == "--threads") continue;
    text += fmt::format("{} {}\n", option_name(*option), fmt::join(option->results(), " "));
  }
  return text;
}

std::string check_not_empty(const std::string& word) {
  return word.empty() ? "a value is expected, but it is empty" : "";
}

auto count_check(int most) {
  return [most](const std::string& word) {
    const auto number = parse_integer(word);
    if (number && *number >= 1 && *number <= most) return std::string();
    return fmt::format("a whole number from 1 to {} is expected, but found '{}'", most, word);
  };
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
  app_.add_option(name.option, value, help)->check(check_not_empty)->type_name(name.value);
}

void OptionList::choice(const Name& name, const std::vector<std::string>& choices,
                        std::string& value, const std::string& help) {
  const auto check = [choices](const std::string& word) {
    if (std::ranges::find(choices, word) != choices.end()) return std::string();
    return fmt::format(
        "one of {} is expected, but found '{}'{}", fmt::join(choices, ", "), word,
        did_you_mean(word, std::vector<std::string_view>(choices.begin(), choices.end())));
  };
  app_.add_option(name.option, value, help)->check(check)->type_name(name.value);
}

void OptionList::count(const Name& name, int most, int& value, const std::string& help) {
  app_.add_option(name.option, value, help)->check(count_check(most))->type_name(name.value);
}

void OptionList::counts(const Name& name, int most, std::vector<int>& values,
                        const std::string& help) {
  app_.add_option(name.option, values, help)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(count_check(most))
      ->type_name(name.value);
}

void OptionList::flag(const std::string& option, bool& value, const std::string& help) {
  app_.add_flag(option, value, help);
}

Request parse_command_line(std::span<const char* const> words, const std::vector<Verb>& verbs,
                           CommonOptions& options) {
  check_verb(words.size() > 1 ? words[1] : "", verbs);
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
  for (const Verb& command : verbs) {
    CLI::App* const verb =
        app.add_subcommand(std::string(command->name()), std::string(command->summary()));
    verb->group("Verbs");
    verb->footer(footer_of(*command));
    verb->callback([&request, &command, verb] {
      request.command = command.get();
      request.agreement = agreement_of(*verb);
    });
    OptionList list(*verb);
    command->add_options(list);
    add_common_options(list, options);
  }
  try {
    app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::CallForHelp&) {
    return {.text = help_text(app), .agreement = "--help"};
  } catch (const CLI::CallForVersion&) {
    return {.text = version, .agreement = "--version"};
  } catch (const CLI::ParseError& error) {
    throw Error(errors::kCommandLine, usage_sentence(error, app));
  }
  return request;
}

}  // namespace lockstep
