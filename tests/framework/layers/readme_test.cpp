// The tables of types and of keys in this unit's README, against what the registered types ask for.

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "framework/layers/layer.hpp"
#include "tests/support/readme_tables.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep {
namespace {

using namespace testing;

constexpr const char* kReadme = "framework/layers/README.md";

// "conv2d.stride" and its default, where it has one that was used.
std::map<std::string, std::string> asked_keys() {
  std::map<std::string, std::string> keys;
  for (const LayerType& type : all_layer_types()) {
    for (const LayerExample& example : type.examples) {
      const Value settings = parse_settings(example.settings);
      SettingsReader reader(settings, "layers.tried");
      type.create("tried", reader);
      const std::string begin = std::string(type.name) + ".";
      for (const std::string& key : reader.known()) keys[begin + key];
      for (const Value::Entry& entry : reader.consumed().entries) {
        if (entry.value.is_default) keys[begin + entry.key] = entry.value.text;
      }
    }
  }
  return keys;
}

// Keys and their defaults; a row may have several keys.
std::map<std::string, std::string> documented_layer_keys() {
  std::map<std::string, std::string> keys;
  for (const std::string& row :
       table_below(kReadme, "| Key | Meaning | Values | Default | PyTorch |")) {
    const std::vector<std::string> cells = cells_of(row);
    BOOST_REQUIRE_MESSAGE(cells.size() == 5U, row);
    for (const std::string& key : quoted(cells[0])) keys[key] = cells[3];
  }
  return keys;
}

BOOST_AUTO_TEST_SUITE(readme_of_layers)

BOOST_AUTO_TEST_CASE(the_table_of_types_is_the_registry) {
  std::vector<std::string> documented;
  for (const std::string& row : table_below(kReadme, "| `type` | Output | PyTorch |")) {
    documented.push_back(quoted(row).front());
  }
  std::vector<std::string> registered;
  for (const LayerType& type : all_layer_types()) registered.emplace_back(type.name);
  BOOST_TEST(documented == registered, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_table_of_keys_has_what_the_types_ask_for_and_nothing_else) {
  std::set<std::string> asked;
  for (const auto& [key, standard] : asked_keys()) asked.insert(key);
  std::set<std::string> documented;
  for (const auto& [key, standard] : documented_layer_keys()) documented.insert(key);
  BOOST_TEST(documented == asked, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(defaults_that_are_numbers_or_truths_are_those_of_the_code) {
  const std::map<std::string, std::string> documented = documented_layer_keys();
  std::size_t compared = 0;
  for (const auto& [key, standard] : asked_keys()) {
    if (standard.empty()) continue;
    std::string written = documented.at(key);
    std::erase(written, '`');
    if (written != "true" && written != "false" && !parse_real(written)) continue;
    ++compared;
    BOOST_TEST((written == standard || parse_real(written) == parse_real(standard)),
               key << ": " << written << " is written, not " << standard);
  }
  BOOST_TEST(compared >= 6U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
