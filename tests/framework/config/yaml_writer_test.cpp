#include "framework/config/yaml_writer.hpp"

#include <limits>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/config/yaml_reader.hpp"

namespace lockstep {
namespace {

Value read_back(const Value& value) { return read_yaml_text(write_yaml(value), "written.yaml"); }

Value with_text(const std::string& text) {
  Value mapping = Value::mapping();
  mapping.set("key", Value::string(text));
  mapping.set("list", Value::sequence({Value::string(text), Value::string(text)}));
  mapping.set(text.empty() ? "empty" : text, Value::integer(1));
  return mapping;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(yaml_writer)

BOOST_AUTO_TEST_CASE(a_document_is_written_in_blocks_with_flat_parts_on_one_line) {
  const std::string text =
      "name: lenet5\n"
      "data:\n"
      "  dataset: [mnist, fashion_mnist]\n"
      "  normalize: {mean: 0.1307, std: 0.3081}\n"
      "  empty: {}\n"
      "layers:\n"
      "  - {name: c1, type: conv2d, kernel: [5, 5], init: {weight: {type: he_normal}}}\n"
      "  - relu\n"
      "  - []\n";
  BOOST_TEST(write_yaml(read_yaml_text(text, "a.yaml")) == text);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_on_a_line_is_written_in_blocks) {
  Value layer = Value::mapping();
  layer.set("name", Value::string("c3"));
  Value table = Value::sequence({});
  for (int row = 0; row < 2; ++row) {
    Value columns = Value::sequence({});
    for (int column = 0; column < 16; ++column) columns.items.push_back(Value::integer(column % 2));
    table.items.push_back(columns);
  }
  layer.set("table", table);
  Value document = Value::mapping();
  document.set("layers", Value::sequence({layer}));
  BOOST_TEST(write_yaml(document) ==
             "layers:\n"
             "  - name: c3\n"
             "    table:\n"
             "      - [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]\n"
             "      - [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]\n");
  BOOST_TEST((read_back(document) == document));
  Value long_list = Value::sequence({});
  for (int i = 0; i < 100; ++i) long_list.items.push_back(Value::integer(i));
  document.set("long", Value::sequence({long_list, long_list}));
  BOOST_TEST((read_back(document) == document));
}

BOOST_AUTO_TEST_CASE(text_is_quoted_exactly_when_needed) {
  BOOST_TEST(write_yaml_flow(Value::string("relu")) == "relu");
  BOOST_TEST(write_yaml_flow(Value::string("../models/lenet5.yaml")) == "../models/lenet5.yaml");
  BOOST_TEST(write_yaml_flow(Value::string("two words")) == "two words");
  BOOST_TEST(write_yaml_flow(Value::string("c1:x#y")) == "c1:x#y");
  BOOST_TEST(write_yaml_flow(Value::string("5")) == "'5'");
  BOOST_TEST(write_yaml_flow(Value::string("true")) == "'true'");
  BOOST_TEST(write_yaml_flow(Value::string("No")) == "'No'");
  BOOST_TEST(write_yaml_flow(Value::string("010")) == "'010'");
  BOOST_TEST(write_yaml_flow(Value::string("")) == "''");
  BOOST_TEST(write_yaml_flow(Value::string("it's: x")) == "'it''s: x'");
  BOOST_TEST(write_yaml_flow(Value::string("a\nb")) == "\"a\\nb\"");
  BOOST_TEST(write_yaml_flow(Value::integer(5)) == "5");
  BOOST_TEST(write_yaml_flow(Value::boolean(true)) == "true");
  BOOST_TEST(write_yaml_flow(Value()) == "null");
}

BOOST_AUTO_TEST_CASE(any_text_reads_back_as_itself) {
  const std::string mark = "\xef\xbb\xbf";
  for (const std::string& text :
       std::vector<std::string>{"",          " ",        "a",           " a",
                                "a ",        "-",        "- a",         "-5",
                                "--- a",     "...",      "?",           "? a",
                                "a?b",       ":",        "a:",          "a: b",
                                ":a",        ",",        "a,b",         "[",
                                "]x",        "{a}",      "}",           "#",
                                "a #b",      "a#b",      "&a",          "*a",
                                "!a",        "!!str a",  "|",           ">",
                                "'",         "''",       "it's",        "\"",
                                "\"a\"",     "%",        "@",           "`",
                                "~",         "null",     "NULL",        "Null",
                                "true",      "False",    "yes",         "NO",
                                "on",        "y",        "n",           "=",
                                "<<",        "5",        "05",          "+5",
                                "0x1F",      "1_000",    "1e5",         "1e999",
                                ".5",        "5.",       ".inf",        "-.inf",
                                ".nan",      "12:30:45", "2024-01-01",  "a\tb",
                                "\t",        "a\nb",     "\n",          "a\\nb",
                                "\x7f",      "\x01",     "\xc3\xa9",    "\xe2\x82\xac 5",
                                "a'b\"c\\d", "x: 'y'",   "key: [1, 2]", "true story",
                                "5 apples",  "..",       "../x",        mark + "a",
                                "a" + mark}) {
    const Value value = with_text(text);
    BOOST_TEST_CONTEXT("text '" << text << "' written as " << write_yaml(value)) {
      const Value back = read_back(value);
      BOOST_TEST((back == value));
      BOOST_TEST(back.find("key")->is_text());
    }
  }
}

BOOST_AUTO_TEST_CASE(key_lines_give_each_setting_a_line_with_its_whole_path) {
  const Value value = read_yaml_text(
      "seed: 7\ntrain: {batch_size: 100, clip: {norm: 1}}\nmean: [0.5, 1]\nlayers:\n"
      "  - {name: c1, kernel: [5, 5]}\n  - {name: f1}\nnothing: {}\nnone: ~\n",
      "a.yaml");
  BOOST_TEST(write_key_lines(value) ==
             "seed: 7\ntrain.batch_size: 100\ntrain.clip.norm: 1\nmean: [0.5, 1]\n"
             "layers.0.name: c1\nlayers.0.kernel: [5, 5]\nlayers.1.name: f1\nnothing: {}\n"
             "none: null\n");
}

BOOST_AUTO_TEST_CASE(every_kind_of_document_reads_back_equal) {
  for (const char* text :
       {"a: 1\n", "[1, 2, [3, [4]]]", "- a\n- b: 1\n  c: {d: {e: {f: 1}}}\n- - - x\n",
        "a: {b: {c: {d: 1}}}\ne: [[1, 2], [3]]\nf: [{a: 1}, {b: {c: 2}}]\n", "a:\nb: ~\nc: ''\n",
        "a: []\nb: {}\nc: [[], {}]\n", "5", "'5'", "x"}) {
    const Value value = read_yaml_text(text, "a.yaml");
    BOOST_TEST_CONTEXT(text << " written as " << write_yaml(value)) {
      BOOST_TEST((read_back(value) == value));
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_read_back_with_the_same_bits) {
  for (const double number :
       {0.1, 1.0 / 3.0, 1e-8, 1e300, 5e-324, -0.0, 123456.0, std::numeric_limits<double>::max()}) {
    Value document = Value::mapping();
    document.set("x", Value::real(number));
    const Value back = read_back(document);
    BOOST_TEST(SettingsReader(back, "").real("x", {-std::numeric_limits<double>::infinity(),
                                                   std::numeric_limits<double>::infinity()}) ==
               number);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
