#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep {
namespace {

using testing::parse_settings;

// Reads one key of each type, each with a default.
Value consumed(const SettingTexts& settings) {
  constexpr std::string_view kNames[] = {"one", "two"};
  const Value mapping = parse_settings(settings);
  SettingsReader reader(mapping, "top");
  reader.integer_or("integer", {0, 10}, 3);
  reader.real_or("real", {0, 10}, 0.5);
  reader.text_or("text", "word");
  reader.boolean_or("boolean", true);
  reader.choice_or("choice", kNames, "two");
  reader.pair_or("pair", {0, 10}, {2, 2});
  reader.reals_or("reals", {0, 10}, {1.0, 2.0});
  reader.finish();
  return reader.consumed();
}

void check_marks(const Value& settings, bool are_default) {
  BOOST_TEST(settings.entries.size() == 7U);
  for (const Value::Entry& entry : settings.entries) {
    BOOST_TEST(entry.value.is_default == are_default, entry.key);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(settings_defaults)

BOOST_AUTO_TEST_CASE(what_equals_its_default_is_marked_whether_it_was_given_or_not) {
  check_marks(consumed({}), true);
  check_marks(consumed({{"integer", "3"},
                        {"real", "0.50"},
                        {"text", "word"},
                        {"boolean", "true"},
                        {"choice", "two"},
                        {"pair", "[2, 2]"},
                        {"reals", "[1, 2]"}}),
              true);
  check_marks(consumed({{"integer", "4"},
                        {"real", "0.6"},
                        {"text", "other"},
                        {"boolean", "false"},
                        {"choice", "one"},
                        {"pair", "[2, 3]"},
                        {"reals", "[1]"}}),
              false);
}

BOOST_AUTO_TEST_CASE(a_required_key_has_no_default_to_equal) {
  const Value mapping = parse_settings({{"number", "3"}});
  SettingsReader reader(mapping, "top");
  reader.integer("number", {0, 10});
  BOOST_TEST(!reader.consumed().find("number")->is_default);
}

BOOST_AUTO_TEST_CASE(of_two_keys_that_exclude_each_other_one_may_be_there) {
  const auto second = [](const SettingTexts& settings) {
    const Value mapping = parse_settings(settings);
    SettingsReader reader(mapping, "top");
    const bool is_second = reader.second_of("one", "other");
    reader.finish();  // both are known
    return is_second;
  };
  BOOST_TEST(!second({}));
  BOOST_TEST(!second({{"one", "1"}}));
  BOOST_TEST(second({{"other", "1"}}));
  BOOST_CHECK_EXCEPTION(second({{"one", "1"}, {"other", "2"}}), Error, [](const Error& error) {
    return std::string(error.what())
        .starts_with("top.other is given together with top.one; give only one of the two.");
  });
}

BOOST_AUTO_TEST_CASE(what_was_read_may_be_kept_under_another_name_and_in_another_form) {
  const Value mapping = parse_settings({{"minutes", "2"}, {"last", "1"}});
  SettingsReader reader(mapping, "top");
  reader.integer("minutes", {0, 10});
  reader.integer("last", {0, 10});
  reader.keep_as("minutes", "seconds", Value::integer(120));
  BOOST_TEST((reader.consumed() == parse_settings({{"seconds", "120"}, {"last", "1"}})));
}

BOOST_AUTO_TEST_CASE(known_are_all_keys_that_were_asked_for) {
  const Value mapping = parse_settings({{"here", "2"}, {"unasked", "1"}});
  SettingsReader reader(mapping, "top");
  reader.integer_or("absent", {0, 10}, 1);
  reader.integer("here", {0, 10});
  reader.second_of("one", "other");
  const std::vector<std::string> expected = {"absent", "here", "one", "other"};
  BOOST_TEST((std::vector<std::string>(reader.known().begin(), reader.known().end()) == expected));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
