#include "experiments/help.hpp"

#include <sstream>

namespace lockstep {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kDescriptionColumn = 26;

// CLI11 lists types, bounds and exclusions beside each option; their place is the description.
class ShortFormatter final : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    const std::string value = type.substr(0, type.find(':'));
    if (option->get_type_size() == 0) return "";
    const bool many = option->get_expected_max() > 1;
    if (option->nonpositional()) return " " + value;
    return many ? " ..." : "";
  }
};

// Breaks at spaces; what goes on stands below the description.
void wrap(const std::string& line, std::ostream& out) {
  const bool is_option = line.starts_with("  ");
  const std::size_t indent = is_option ? kDescriptionColumn : 0;
  std::string rest = line;
  while (rest.size() > kWidth) {
    const std::size_t space = rest.rfind(' ', kWidth);
    if (space == std::string::npos || space <= indent) break;
    out << rest.substr(0, space) << '\n';
    rest = std::string(indent, ' ') + rest.substr(space + 1);
  }
  out << rest << '\n';
}

}  // namespace

void use_short_help(CLI::App& app) {
  const auto formatter = std::make_shared<ShortFormatter>();
  formatter->column_width(kDescriptionColumn);
  formatter->label("SUBCOMMAND", "VERB");
  app.formatter(formatter);
}

std::string help_text(const CLI::App& app) {
  // The help of the verb that was asked for, or of the program.
  std::istringstream lines(app.help());
  std::ostringstream wrapped;
  for (std::string line; std::getline(lines, line);) wrap(line, wrapped);
  return wrapped.str();
}

}  // namespace lockstep
