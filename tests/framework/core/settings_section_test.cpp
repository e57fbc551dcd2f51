#include <boost/test/unit_test.hpp>

#include <string>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {
namespace {

Value with_section(const Value& inside) {
  Value mapping = Value::mapping();
  mapping.location = {.file = "a.yaml", .line = 2, .column = 3};
  mapping.set("inside", inside);
  return mapping;
}

std::int64_t read_inside(SettingsReader& reader) {
  std::int64_t number = 0;
  reader.section("inside", [&](SettingsReader& section) {
    number = section.integer_or("number", {0, 10}, 7);
    section.finish();
  });
  return number;
}

std::string refusal(const Value& mapping) {
  try {
    SettingsReader reader(mapping, "top");
    read_inside(reader);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(settings_section)

BOOST_AUTO_TEST_CASE(what_is_read_inside_counts_as_read_and_is_known) {
  Value inside = Value::mapping();
  inside.set("number", Value::integer(3));
  const Value mapping = with_section(inside);
  SettingsReader reader(mapping, "top");
  BOOST_TEST(read_inside(reader) == 3);
  reader.finish();
  BOOST_TEST((reader.consumed() == mapping));
}

BOOST_AUTO_TEST_CASE(a_section_that_is_absent_is_empty) {
  const Value nothing = Value::mapping();
  SettingsReader reader(nothing, "top");
  BOOST_TEST(read_inside(reader) == 7);
  BOOST_TEST((*reader.consumed().find("inside")->find("number") == Value::integer(7)));
}

BOOST_AUTO_TEST_CASE(errors_inside_name_the_whole_path) {
  Value inside = Value::mapping();
  inside.set("nmber", Value::integer(3));
  BOOST_TEST(refusal(with_section(inside)) ==
             "unknown key top.inside.nmber, did you mean 'number'? (keys here: number)");
  BOOST_TEST(refusal(with_section(Value::integer(1))) ==
             "top.inside must be a mapping (lines of 'key: value'), but is the number 1.");
}

BOOST_AUTO_TEST_CASE(what_an_absent_section_lacks_is_missed_where_the_section_would_be) {
  const Value mapping = with_section(Value::mapping());
  std::string message;
  try {
    SettingsReader(mapping, "top").section("other", [](SettingsReader& section) {
      section.integer("number", {0, 10});
    });
  } catch (const Error& error) {
    message = error.what();
  }
  BOOST_TEST(message ==
             "a.yaml:2:3: top.other.number is missing; it must be a whole number from 0 to 10.");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
