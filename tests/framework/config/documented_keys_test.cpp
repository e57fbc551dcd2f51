// The table of keys in this unit's README, against what the sections and all registered types ask
// for.

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/test/unit_test.hpp>

#include "framework/config/experiment_sections.hpp"
#include "tests/support/readme_tables.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep {
namespace {

using namespace testing;

using Names = std::set<std::string>;

struct Row {
  std::string meaning;
  std::string values;
  std::string standard;  ///< the column "Default"
};

// A key may share its row with others.
using Table = std::map<std::string, Row>;

// Rows such as | `optimizer.beta1`, `.beta2` | adam | 0 to below 1 | 0.9, 0.999 |
Table documented_keys() {
  Table table;
  for (const std::string& line :
       table_below("framework/config/README.md", "| Key | Meaning | Values | Default |")) {
    const std::vector<std::string> cells = cells_of(line);
    BOOST_REQUIRE_MESSAGE(cells.size() == 4U, line);
    const std::vector<std::string> keys = quoted(cells[0]);
    const std::vector<std::string> standards = matches(cells[3], "([^,]+)(?:, )?");
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::string& first = keys.front();
      const std::string key =
          keys[i].starts_with('.') ? first.substr(0, first.rfind('.')) + keys[i] : keys[i];
      const bool one_each = standards.size() == keys.size();
      table[key] = {
          .meaning = cells[1], .values = cells[2], .standard = one_each ? standards[i] : cells[3]};
    }
  }
  return table;
}

// A section's keys, each with the types that ask for it, and with its default where it has one.
struct AskedFor {
  Names types;
  std::map<std::string, Names> keys;
  std::map<std::string, std::string> defaults;
};

AskedFor asked_for(const ExperimentSection& section) {
  AskedFor asked;
  for (const SettingTexts& example : section.examples) {
    const Value value = parse_settings(example);
    SettingsReader reader(value, std::string(section.name));
    ExperimentConfig config;
    section.read(reader, config);
    const Value* chosen = reader.consumed().find(section.chooser);
    const std::string type = chosen == nullptr ? "" : chosen->text;
    asked.types.insert(type);
    for (const std::string& key : reader.known()) asked.keys[key].insert(type);
    for (const Value::Entry& entry : reader.consumed().entries) {
      if (entry.value.is_default) asked.defaults[entry.key] = entry.value.text;
    }
  }
  return asked;
}

// "sgd: ...", "adam", "cosine, one_cycle; ...": whose key it is.
Names owners_in(const std::string& meaning) {
  std::smatch found;
  const std::regex pattern("^([a-z0-9_]+(?:, [a-z0-9_]+)*)(?:[:;].*)?$");
  if (!std::regex_match(meaning, found, pattern)) return {};
  const std::vector<std::string> names = matches(found[1], "([a-z0-9_]+)");
  return {names.begin(), names.end()};
}

bool is_plain(const std::string& standard) {
  return std::regex_match(standard, std::regex("`?(true|false|[0-9.e-]+)`?"));
}

std::string without_quotes(std::string text) {
  std::erase(text, '`');
  return text;
}

std::string in_words(const Names& names) { return fmt::format("{}", fmt::join(names, ", ")); }

}  // namespace

BOOST_AUTO_TEST_SUITE(documented_keys_of_experiments)

BOOST_AUTO_TEST_CASE(every_key_that_a_section_asks_for_has_a_row_that_names_its_types) {
  const Table table = documented_keys();
  for (const ExperimentSection& section : experiment_sections()) {
    const AskedFor asked = asked_for(section);
    BOOST_TEST(!asked.keys.empty());
    for (const auto& [key, types] : asked.keys) {
      const std::string path = fmt::format("{}.{}", section.name, key);
      BOOST_TEST_CONTEXT(path) {
        BOOST_REQUIRE(table.contains(path));
        const Names owners = owners_in(table.at(path).meaning);
        if (types != asked.types) BOOST_TEST(in_words(owners) == in_words(types));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_row_of_a_section_is_asked_for) {
  std::size_t rows = 0;
  for (const auto& [path, row] : documented_keys()) {
    for (const ExperimentSection& section : experiment_sections()) {
      if (!path.starts_with(fmt::format("{}.", section.name))) continue;
      ++rows;
      const std::string key = path.substr(section.name.size() + 1);
      BOOST_TEST(asked_for(section).keys.contains(key), path);
    }
  }
  BOOST_TEST(rows > 25U);
}

BOOST_AUTO_TEST_CASE(the_row_that_chooses_a_type_lists_all_of_them) {
  const Table table = documented_keys();
  std::size_t choosers = 0;
  for (const ExperimentSection& section : experiment_sections()) {
    if (section.chooser.empty()) continue;
    ++choosers;
    const std::vector<std::string> listed =
        quoted(table.at(fmt::format("{}.{}", section.name, section.chooser)).values);
    BOOST_TEST(in_words({listed.begin(), listed.end()}) == in_words(asked_for(section).types));
  }
  BOOST_TEST(choosers == 3U);
}

BOOST_AUTO_TEST_CASE(defaults_that_are_numbers_or_truths_are_those_of_the_code) {
  const Table table = documented_keys();
  std::size_t compared = 0;
  for (const ExperimentSection& section : experiment_sections()) {
    for (const auto& [key, standard] : asked_for(section).defaults) {
      const std::string& written = table.at(fmt::format("{}.{}", section.name, key)).standard;
      if (!is_plain(written)) continue;
      ++compared;
      const std::string text = without_quotes(written);
      BOOST_TEST((text == standard || parse_real(text) == parse_real(standard)),
                 section.name << "." << key << ": " << text << " is written, not " << standard);
    }
  }
  BOOST_TEST(compared > 12U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
