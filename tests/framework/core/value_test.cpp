// Values as files and command lines give them, and how they are shown.

#include <array>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "framework/core/settings.hpp"

namespace lockstep {

BOOST_AUTO_TEST_SUITE(value)

BOOST_AUTO_TEST_CASE(an_integer_is_digits_and_nothing_else) {
  BOOST_TEST((parse_integer("0") == 0));
  BOOST_TEST((parse_integer("-12") == -12));
  BOOST_TEST((parse_integer("9223372036854775807") == 9223372036854775807));
  for (const char* text : {"", "-", "+5", "010", "00", "0x10", "1_000", "5.0", "1e3", " 5", "5 ",
                           "9223372036854775808", "yes", "five", "--1"}) {
    BOOST_TEST(!parse_integer(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(a_real_is_finite_and_has_no_plus_sign_or_leading_zero) {
  BOOST_TEST((parse_real("0.1") == 0.1));
  BOOST_TEST((parse_real("-2.5e-3") == -0.0025));
  BOOST_TEST((parse_real("1e+3") == 1000.0));
  BOOST_TEST((parse_real(".5") == 0.5));
  BOOST_TEST((parse_real("5.") == 5.0));
  BOOST_TEST((parse_real("7") == 7.0));
  for (const char* text : {"", ".", "-", "e5", "1e", "1e+", "+1.0", "01.5", "00", "inf", "nan",
                           ".inf", ".nan", "1e999", "0x1p3", "1,5", "1.5.2", "1.5 "}) {
    BOOST_TEST(!parse_real(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(a_real_is_written_with_the_shortest_text_that_reads_back) {
  BOOST_TEST(Value::real(0.1).text == "0.1");
  BOOST_TEST(Value::real(1).text == "1");
  BOOST_TEST(Value::real(1e-8).text == "1e-08");
  for (const double number : {0.1 + 0.2, 1e-300, 1.0 / 3.0, -0.0, 123456789.125, 5e-324}) {
    BOOST_TEST(parse_real(Value::real(number).text).value() == number);
  }
}

BOOST_AUTO_TEST_CASE(the_nearest_name_is_found_within_few_edits_and_not_beyond) {
  constexpr std::array<std::string_view, 4> kNames = {"kernel", "stride", "padding", "filters"};
  BOOST_TEST(nearest_name("kernl", kNames).value_or("") == "kernel");
  BOOST_TEST(nearest_name("filter", kNames).value_or("") == "filters");
  BOOST_TEST(nearest_name("Stride", kNames).value_or("") == "stride");
  BOOST_TEST(nearest_name("sitrde", kNames).value_or("") == "stride");
  BOOST_TEST(nearest_name("kernel_size", kNames).value_or("") == "kernel");
  BOOST_TEST(!nearest_name("units", kNames).has_value());
  BOOST_TEST(!nearest_name("", kNames).has_value());
  BOOST_TEST(!nearest_name(std::string(100'000, 'k'), kNames).has_value());
  constexpr std::array<std::string_view, 2> kSets = {"mnist", "fashion_mnist"};
  BOOST_TEST(did_you_mean("Fashion-MNIST", kSets) == ", did you mean 'fashion_mnist'?");
  BOOST_TEST(did_you_mean("cifar", kSets) == "");
}

BOOST_AUTO_TEST_CASE(a_value_is_described_by_what_it_is) {
  BOOST_TEST(Value().describe() == "nothing");
  BOOST_TEST(Value::integer(3).describe() == "the number 3");
  BOOST_TEST(Value::boolean(true).describe() == "true");
  BOOST_TEST(Value::string("relu").describe() == "the text 'relu'");
  BOOST_TEST(Value::string("3").describe() == "the text '3'");
  BOOST_TEST(Value::sequence({}).describe() == "an empty list");
  BOOST_TEST(Value::sequence({Value::integer(28), Value::string("x")}).describe() ==
             "the list [28, x]");
  BOOST_TEST(Value::sequence({Value::mapping(), Value()}).describe() == "a list of 2");
  BOOST_TEST(Value::mapping().describe() == "a mapping");
  BOOST_TEST(Value::scalar("1e400").describe() == "1e400, which is beyond the range of a double");
}

BOOST_AUTO_TEST_CASE(shown_text_is_cut_and_carries_no_control_characters) {
  BOOST_TEST(printable("a\x1b[31mb\n") == "a\\x1b[31mb\\x0a");
  BOOST_TEST(printable(std::string(61, 'x')) == std::string(60, 'x') + "...");
  // Byte 60 lies inside the two bytes of the last letter: the cut goes before it.
  BOOST_TEST(printable(std::string(59, 'x') + "\xc3\xa9") == std::string(59, 'x') + "...");
}

BOOST_AUTO_TEST_CASE(text_for_a_terminal_keeps_its_lines_and_no_other_control_characters) {
  BOOST_TEST(escape_controls("a\x1b]0;b\x07\n\tc\x7f\r") == "a\\x1b]0;b\\x07\n\tc\\x7f\\x0d");
  BOOST_TEST(escape_controls("\xc2\x9b 31m \xc2\xa0 \xc3\xa9") == "\\x9b 31m \xc2\xa0 \xc3\xa9");
}

BOOST_AUTO_TEST_CASE(values_are_equal_by_meaning_whatever_their_place_and_quotes) {
  Value quoted = Value::scalar("relu", {.file = "net.yaml", .line = 1, .column = 1});
  quoted.quoted = true;
  BOOST_TEST((quoted == Value::string("relu")));
  BOOST_TEST(!(Value::string("5") == Value::integer(5)));
  BOOST_TEST((Value::sequence({Value::integer(1)}) == Value::sequence({Value::integer(1)})));
  BOOST_TEST(!(Value::sequence({Value::integer(1)}) == Value::sequence({Value::integer(2)})));
  BOOST_TEST(!(Value::sequence({}) == Value::mapping()));
  const auto mapping = [](std::string_view key, int value) {
    Value result = Value::mapping();
    result.set(key, Value::integer(value));
    return result;
  };
  BOOST_TEST((mapping("a", 1) == mapping("a", 1)));
  BOOST_TEST(!(mapping("a", 1) == mapping("b", 1)));
  BOOST_TEST(!(mapping("a", 1) == mapping("a", 2)));
}

BOOST_AUTO_TEST_CASE(setting_an_entry_keeps_its_place_or_adds_it_at_the_end) {
  Value mapping = Value::mapping();
  mapping.set("a", Value::integer(1));
  mapping.set("b", Value::integer(2));
  mapping.set("a", Value::integer(3));
  BOOST_TEST(mapping.entries.size() == 2U);
  BOOST_TEST(mapping.entries[0].key == "a");
  BOOST_TEST(mapping.entries[0].value.text == "3");
  BOOST_TEST(mapping.find("c") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
