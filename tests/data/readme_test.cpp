// The READMEs' tables have a line for each data set and each augmentation, and no others.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "data/augmentations/augmentation.hpp"
#include "data/catalogue.hpp"
#include "data/formats/data_format.hpp"
#include "framework/core/build_info.hpp"
#include "tests/data/formats/test_files.hpp"
#include "tests/support/readme_tables.hpp"

namespace lockstep {
namespace {

using testing::quoted;

std::vector<std::string> lines_of(const std::string& name) {
  std::ifstream file(std::filesystem::path(build_info().source_directory) / name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

/// The first codes of a table's lines, below a heading.
std::vector<std::string> first_column(const std::string& heading) {
  std::vector<std::string> found;
  bool is_below = false;
  for (const std::string& line : lines_of("data/README.md")) {
    if (line.starts_with("## ")) is_below = line == "## " + heading;
    if (is_below && line.starts_with("| `")) found.push_back(quoted(line).front());
  }
  return found;
}

std::vector<std::string> names_of_datasets() {
  std::vector<std::string> names;
  for (const std::string_view name : dataset_names()) names.emplace_back(name);
  return names;
}

/// The keys of the table of keys: "`data.synthetic.channels`, `.side`" are two.
std::vector<std::string> keys_of_the_table() {
  std::vector<std::string> keys;
  for (const std::string& line : lines_of("framework/config/README.md")) {
    if (!line.starts_with("| `")) continue;
    for (const std::string& code : quoted(line.substr(0, line.find(" | ")))) {
      const bool goes_on = code.starts_with(".") && !keys.empty();
      keys.push_back(goes_on ? keys.back().substr(0, keys.back().rfind('.')) + code : code);
    }
  }
  return keys;
}

BOOST_AUTO_TEST_SUITE(readme)

BOOST_AUTO_TEST_CASE(the_table_of_data_sets_is_the_registry) {
  BOOST_TEST((first_column("Data sets") == names_of_datasets()));
}

BOOST_AUTO_TEST_CASE(the_table_of_augmentations_is_the_registry) {
  std::vector<std::string> keys;
  for (const AugmentationType& type : all_augmentation_types()) {
    keys.push_back("data.augment." + std::string(type.name));
  }
  BOOST_TEST((first_column("Augmentations") == keys));
}

BOOST_AUTO_TEST_CASE(the_table_of_keys_lists_all_data_sets) {
  std::size_t found = 0;
  for (const std::string& line : lines_of("framework/config/README.md")) {
    if (!line.starts_with("| `data.dataset` ")) continue;
    std::vector<std::string> names = quoted(line);
    names.erase(names.begin());
    BOOST_TEST((names == names_of_datasets()), line);
    ++found;
  }
  BOOST_TEST(found == 1U);
}

BOOST_AUTO_TEST_CASE(the_table_of_keys_has_each_key_of_a_format) {
  const std::vector<std::string> keys = keys_of_the_table();
  std::size_t tried = 0;
  for (const DataFormat& format : all_data_formats()) {
    const Value nothing = Value::mapping();
    SettingsReader reader(nothing, std::string(format.name));
    if (format.section != SectionShown::never) format.create(reader);
    for (const std::string& key : reader.known()) {
      const std::string row = fmt::format("data.{}.{}", format.name, key);
      BOOST_TEST(std::ranges::count(keys, row) == 1, row);
      ++tried;
    }
  }
  BOOST_TEST(tried >= 4U);
}

BOOST_AUTO_TEST_CASE(the_table_of_keys_has_each_augmentation_with_what_it_does) {
  const std::vector<std::string> lines = lines_of("framework/config/README.md");
  for (const AugmentationType& type : all_augmentation_types()) {
    const std::string begin = "| `data.augment." + std::string(type.name) + "` | ";
    std::size_t found = 0;
    for (const std::string& line : lines) {
      if (line.starts_with(begin) && contains(line, type.summary)) ++found;
    }
    BOOST_TEST(found == 1U, begin);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep
