#pragma once

// The command line and its help. The only place of CLI11, which takes long to compile.

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace lockstep {

class Command;
struct CommonOptions;

/// The arguments and options of one verb, in the order of its help. What the command line gives is
/// stored in the variables. The other variables keep their values.
class OptionList {
 public:
  explicit OptionList(CLI::App& app) : app_(app) {}

  /// An argument that must be given.
  void argument(const std::string& name, std::string& value, const std::string& help);
  /// One or more arguments.
  void arguments(const std::string& name, std::vector<std::string>& values,
                 const std::string& help);
  /// Any number of further arguments, key.path=value.
  void overrides(std::vector<std::string>& values, const std::string& help);

  /// "--split", and what --help calls its value, "SPLIT".
  struct Name {
    std::string option;
    std::string value;
  };
  void text(const Name& name, std::string& value, const std::string& help);
  void choice(const Name& name, const std::vector<std::string>& choices, std::string& value,
              const std::string& help);
  /// A whole number from 1 to `most`. Ranks may be given different numbers.
  void count(const Name& name, int most, int& value, const std::string& help);
  /// Such numbers, separated by commas. All ranks must be given the same.
  void counts(const Name& name, int most, std::vector<int>& values, const std::string& help);
  void flag(const std::string& option, bool& value, const std::string& help);

 private:
  CLI::App& app_;
};

/// What a command line asks for: a verb to run, or a text to print (--help, --version).
struct Request {
  Command* command = nullptr;
  std::string text;
  /// What all ranks must have been asked alike: everything except --threads.
  std::string agreement;
};

/// Stores the options of the verb in the verb's own variables and the shared ones in `options`.
/// @throws Error (usage) with a sentence that says where to look
Request parse_command_line(std::span<const char* const> words,
                           const std::vector<std::unique_ptr<Command>>& verbs,
                           CommonOptions& options);

}  // namespace lockstep
