#include "framework/core/settings.hpp"

#include <array>
#include <limits>
#include <string>

#include <boost/test/unit_test.hpp>

namespace lockstep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Location at(int line, int column) { return {.file = "net.yaml", .line = line, .column = column}; }

// One mapping with a single entry, `key: value` on line 3, the value at column 11.
Value with_entry(std::string key, Value value) {
  value.location = at(3, 11);
  Value mapping = Value::mapping(
      {{.key = std::move(key), .value = std::move(value), .key_location = at(3, 5)}});
  mapping.location = at(2, 5);
  return mapping;
}

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    BOOST_TEST((error.kind() == ErrorKind::usage));
    return error.what();
  }
  return "no error";
}

constexpr SettingsReader::Bounds kCount{1, std::numeric_limits<double>::infinity()};

}  // namespace

BOOST_AUTO_TEST_SUITE(settings)

BOOST_AUTO_TEST_CASE(typed_values_are_read_and_defaults_fill_the_gaps) {
  Value mapping = Value::mapping();
  mapping.set("units", Value::integer(10));
  mapping.set("rate", Value::real(0.5));
  mapping.set("bias", Value::boolean(false));
  mapping.set("type", Value::string("sgd"));
  mapping.set("kernel", Value::sequence({Value::integer(3), Value::integer(5)}));
  mapping.set("stride", Value::integer(2));
  SettingsReader reader(mapping, "x");
  constexpr std::array<std::string_view, 2> kTypes = {"sgd", "adam"};
  BOOST_TEST(reader.integer("units", kCount) == 10);
  BOOST_TEST(reader.real("rate", {0, 1}) == 0.5);
  BOOST_TEST(reader.boolean("bias") == false);
  BOOST_TEST(reader.choice("type", kTypes) == "sgd");
  BOOST_TEST((reader.pair("kernel", kCount) == std::pair<std::int64_t, std::int64_t>(3, 5)));
  BOOST_TEST((reader.pair("stride", kCount) == std::pair<std::int64_t, std::int64_t>(2, 2)));
  reader.finish();
  BOOST_TEST(reader.integer_or("absent", kCount, 7) == 7);
  BOOST_TEST(reader.real_or("absent", {0, 1}, 0.25) == 0.25);
  BOOST_TEST(reader.boolean_or("absent", true) == true);
  BOOST_TEST(reader.text_or("absent", "x") == "x");
  BOOST_TEST(reader.choice_or("absent", kTypes, "adam") == "adam");
  BOOST_TEST((reader.pair_or("absent", kCount, {4, 6}).second == 6));
  BOOST_TEST(reader.value_or_null("absent") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_wrong_type_names_place_path_expectation_and_finding) {
  const Value text = with_entry("kernel", Value::string("five"));
  BOOST_TEST(
      message_of([&] { SettingsReader(text, "layers.c1").integer("kernel", kCount); }) ==
      "net.yaml:3:11: layers.c1.kernel must be a whole number of at least 1, but is the text "
      "'five'.");
  BOOST_TEST(message_of([&] { SettingsReader(text, "").boolean("kernel"); }) ==
             "net.yaml:3:11: kernel must be true or false, but is the text 'five'.");
  const Value fraction = with_entry("kernel", Value::real(2.5));
  BOOST_TEST(message_of([&] {
               SettingsReader(fraction, "c").integer_or("kernel", {1, 64}, 3);
             }) ==
             "net.yaml:3:11: c.kernel must be a whole number from 1 to 64, but is the number 2.5.");
  BOOST_TEST(message_of([&] { SettingsReader(fraction, "c").text("kernel"); }) ==
             "net.yaml:3:11: c.kernel must be text, but is the number 2.5; put quotes around it if "
             "text is meant.");
  const Value quoted = with_entry("kernel", Value::string("5"));
  BOOST_TEST(message_of([&] {
               SettingsReader(quoted, "c").real("kernel", {0, 9});
             }) == "net.yaml:3:11: c.kernel must be a number from 0 to 9, but is the text '5'.");
  const Value nothing = with_entry("kernel", Value());
  BOOST_TEST(message_of([&] { SettingsReader(nothing, "c").integer_or("kernel", kCount, 1); }) ==
             "net.yaml:3:11: c.kernel must be a whole number of at least 1, but is nothing.");
}

BOOST_AUTO_TEST_CASE(what_was_read_is_kept_with_the_defaults) {
  Value mapping = Value::mapping();
  mapping.set("kernel", Value::scalar("5.0e0"));
  mapping.set("name", Value::string("7"));
  SettingsReader reader(mapping, "x");
  reader.text("name");
  reader.real("kernel", {0, 9});
  reader.pair_or("stride", {0, 9}, {2, 2});
  reader.pair_or("padding", {0, 9}, {0, 1});
  reader.boolean_or("bias", true);
  reader.reals_or("mean", {0, 9}, {1, 2.5});
  Value expected = Value::mapping();
  expected.set("name", Value::string("7"));
  expected.set("kernel", Value::scalar("5"));
  expected.set("stride", Value::scalar("2"));
  expected.set("padding", Value::sequence({Value::integer(0), Value::integer(1)}));
  expected.set("bias", Value::boolean(true));
  expected.set("mean", Value::sequence({Value::real(1), Value::real(2.5)}));
  BOOST_TEST((reader.consumed() == expected));
}

BOOST_AUTO_TEST_CASE(a_number_out_of_bounds_names_them) {
  const Value zero = with_entry("rate", Value::integer(0));
  const Value one = with_entry("rate", Value::integer(1));
  using Ends = SettingsReader::Bounds::Ends;
  BOOST_TEST(message_of([&] {
               SettingsReader(zero, "x").integer("rate", {1, kInfinity});
             }) ==
             "net.yaml:3:11: x.rate must be a whole number of at least 1, but is the number 0.");
  BOOST_TEST(message_of([&] {
               SettingsReader(zero, "x").real("rate", {0, 1, Ends::above_low});
             }) ==
             "net.yaml:3:11: x.rate must be a number above 0 and at most 1, but is the number 0.");
  BOOST_TEST(message_of([&] {
               SettingsReader(one, "x").real("rate", {0, 1, Ends::below_high});
             }) ==
             "net.yaml:3:11: x.rate must be a number from 0 to below 1, but is the number 1.");
  BOOST_TEST(message_of([&] {
               SettingsReader(one, "x").real("rate", {-kInfinity, 0.5});
             }) == "net.yaml:3:11: x.rate must be a number of at most 0.5, but is the number 1.");
  BOOST_TEST(SettingsReader(one, "x").real("rate", {0, 1, Ends::above_low}) == 1.0);
}

BOOST_AUTO_TEST_CASE(a_number_spelled_in_another_way_gets_advice) {
  for (const char* text : {"010", "+5", "0x10", "1_000"}) {
    const Value value = with_entry("units", Value::scalar(text));
    BOOST_TEST(
        message_of([&] { SettingsReader(value, "f").integer("units", kCount); }) ==
        std::string("net.yaml:3:11: f.units must be a whole number of at least 1, but is the "
                    "text '") +
            text + "'; numbers are written without leading zeros, plus signs, underscores or 0x.");
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_choice_lists_the_names_and_the_nearest) {
  constexpr std::array<std::string_view, 2> kTypes = {"sgd", "adam"};
  const Value value = with_entry("type", Value::string("Adm"));
  BOOST_TEST(
      message_of([&] { SettingsReader(value, "optimizer").choice("type", kTypes); }) ==
      "net.yaml:3:11: optimizer.type must be one of sgd, adam, but is the text 'Adm', did you "
      "mean 'adam'?");
}

BOOST_AUTO_TEST_CASE(a_pair_must_have_two_numbers) {
  Value three = Value::sequence({Value::integer(1), Value::integer(2), Value::integer(3)});
  const Value value = with_entry("kernel", three);
  BOOST_TEST(message_of([&] {
               SettingsReader(value, "c").pair("kernel", {1, 9});
             }) ==
             "net.yaml:3:11: c.kernel must be a whole number from 1 to 9, or two such as [rows, "
             "columns], but is a list of 3.");
  Value zero = Value::sequence({Value::integer(1), Value::integer(0)});
  zero.items[1].location = at(3, 15);
  Value mapping = with_entry("kernel", zero);
  BOOST_TEST(message_of([&] {
               SettingsReader(mapping, "c").pair("kernel", {1, 9});
             }) ==
             "net.yaml:3:15: c.kernel must be a whole number from 1 to 9, or two such as [rows, "
             "columns], but is the number 0.");
}

BOOST_AUTO_TEST_CASE(a_missing_key_is_reported_at_the_mapping) {
  const Value value = with_entry("stride", Value::integer(1));
  BOOST_TEST(message_of([&] { SettingsReader(value, "layers.c1").integer("kernel", kCount); }) ==
             "net.yaml:2:5: layers.c1.kernel is missing; it must be a whole number of at least 1.");
  BOOST_TEST(message_of([&] { SettingsReader(value, "").value("kernel"); }) ==
             "net.yaml:2:5: kernel is missing.");
}

BOOST_AUTO_TEST_CASE(a_missing_key_that_was_misspelled_is_reported_there) {
  const Value value = with_entry("kernl", Value::integer(1));
  BOOST_TEST(message_of([&] { SettingsReader(value, "layers.c1").integer("kernel", kCount); }) ==
             "net.yaml:3:5: unknown key layers.c1.kernl, did you mean 'kernel'? (keys here: "
             "kernel, ...)");
}

BOOST_AUTO_TEST_CASE(finish_refuses_keys_that_nobody_asked_for) {
  const Value value = with_entry("momentun", Value::integer(1));
  SettingsReader reader(value, "optimizer");
  reader.real_or("momentum", {0, 1}, 0);
  reader.real_or("weight_decay", {0, 1}, 0);
  BOOST_TEST(message_of([&] { reader.finish(); }) ==
             "net.yaml:3:5: unknown key optimizer.momentun, did you mean 'momentum'? (keys here: "
             "momentum, weight_decay)");
  const Value other = with_entry("units", Value::integer(1));
  SettingsReader second(other, "optimizer");
  second.real_or("momentum", {0, 1}, 0);
  BOOST_TEST(message_of([&] { second.finish(); }) ==
             "net.yaml:3:5: unknown key optimizer.units; keys here: momentum.");
  SettingsReader third(other, "relu");
  BOOST_TEST(message_of([&] { third.finish(); }) ==
             "net.yaml:3:5: unknown key relu.units; nothing can be set here.");
}

BOOST_AUTO_TEST_CASE(finish_says_where_a_misplaced_key_belongs) {
  const Value value = with_entry("units", Value::integer(1));
  const auto elsewhere = [](std::string_view key) -> std::string {
    return key == "units" ? "in a dense layer" : "";
  };
  const SettingsReader reader(value, "optimizer", elsewhere);
  BOOST_TEST(message_of([&] { reader.finish(); }) ==
             "net.yaml:3:5: unknown key optimizer.units; it belongs in a dense layer.");
  Value outer = Value::mapping();
  outer.set("inside", value);
  SettingsReader around(outer, "optimizer", elsewhere);
  const auto finish = [](SettingsReader& inside) { inside.finish(); };
  BOOST_TEST(message_of([&] { around.section("inside", finish); }) ==
             "net.yaml:3:5: unknown key optimizer.inside.units; it belongs in a dense layer.");
}

BOOST_AUTO_TEST_CASE(a_reader_needs_a_mapping) {
  Value text = Value::string("adam", at(4, 12));
  BOOST_TEST(message_of([&] { SettingsReader(text, "optimizer"); }) ==
             "net.yaml:4:12: optimizer must be a mapping (lines of 'key: value'), but is the text "
             "'adam'.");
}

BOOST_AUTO_TEST_CASE(an_own_error_is_placed_at_the_key_or_at_the_mapping) {
  const Value value = with_entry("kernel", Value::integer(4));
  const SettingsReader reader(value, "c");
  BOOST_TEST(std::string(reader.error_at("kernel", "must be odd, but is 4").what()) ==
             "net.yaml:3:11: c.kernel must be odd, but is 4.");
  BOOST_TEST(std::string(reader.error_at("stride", "is needed here.").what()) ==
             "net.yaml:2:5: c.stride is needed here.");
}

BOOST_AUTO_TEST_CASE(a_place_outside_any_file_is_its_name_alone) {
  BOOST_TEST((Location{.file = "override 'train.steps=x'"}).to_string() ==
             "override 'train.steps=x'");
  BOOST_TEST(Location{}.prefix() == "");
  const Value value = Value::scalar("x", {.file = "override 'a=x'"});
  Value mapping = Value::mapping();
  mapping.set("a", value);
  BOOST_TEST(message_of([&] { SettingsReader(mapping, "").integer("a", kCount); }) ==
             "override 'a=x': a must be a whole number of at least 1, but is the text 'x'.");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
