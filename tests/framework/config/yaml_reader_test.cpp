#include "framework/config/yaml_reader.hpp"

#include <sys/stat.h>

#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/framework/config/message_of.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep {
namespace {

Value read(std::string_view text) { return read_yaml_text(text, "a.yaml"); }

std::string yaml_refusal(std::string_view text) {
  return message_of([&] { read(text); });
}

std::string place_of(const Value* value) {
  return value == nullptr ? "nowhere" : value->location.to_string();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(yaml_reader)

BOOST_AUTO_TEST_CASE(scalars_are_kept_as_written) {
  const Value value = read("a: 0.10\nb: 'it''s'\nc: \"x\\ty\"\nd: yes\ne: 010\n");
  BOOST_TEST(value.find("a")->text == "0.10");
  BOOST_TEST(!value.find("a")->quoted);
  BOOST_TEST(value.find("b")->text == "it's");
  BOOST_TEST(value.find("b")->quoted);
  BOOST_TEST(value.find("c")->text == "x\ty");
  BOOST_TEST(value.find("d")->text == "yes");
  BOOST_TEST(value.find("e")->text == "010");
}

BOOST_AUTO_TEST_CASE(every_value_and_key_knows_its_line_and_column) {
  const Value value =
      read("# first\na: 1\nlayers:\n  - {name: c1, kernel: [3, 5]}\n  - name: c2\n");
  BOOST_TEST(place_of(&value) == "a.yaml:2:1");
  BOOST_TEST(place_of(value.find("a")) == "a.yaml:2:4");
  const Value& layers = *value.find("layers");
  BOOST_TEST(place_of(&layers) == "a.yaml:4:3");
  BOOST_TEST(place_of(layers.items.data()) == "a.yaml:4:5");
  BOOST_TEST(place_of(layers.items[0].find("kernel")) == "a.yaml:4:24");
  BOOST_TEST(place_of(&layers.items[0].find("kernel")->items[1]) == "a.yaml:4:28");
  BOOST_TEST(layers.items[0].entries[1].key_location.to_string() == "a.yaml:4:16");
  BOOST_TEST(place_of(layers.items[1].find("name")) == "a.yaml:5:11");
}

BOOST_AUTO_TEST_CASE(an_empty_value_is_null_and_stands_where_its_key_stands) {
  const Value value = read("a: 1\nloss:\nb: ~\nc: null\n");
  BOOST_TEST((value.find("loss")->kind == Value::Kind::null));
  BOOST_TEST(place_of(value.find("loss")) == "a.yaml:2:1");
  BOOST_TEST((value.find("b")->kind == Value::Kind::null));
  BOOST_TEST((value.find("c")->kind == Value::Kind::null));
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_and_carriage_returns_change_nothing) {
  const Value value = read(
      "\xef\xbb\xbf"
      "a: 1\r\nb: [1,\r\n  2]\r\n");
  BOOST_TEST((value == read("a: 1\nb: [1, 2]\n")));
  BOOST_TEST(place_of(value.find("a")) == "a.yaml:1:4");
  BOOST_TEST(place_of(&value.find("b")->items[1]) == "a.yaml:3:3");
}

BOOST_AUTO_TEST_CASE(block_scalars_folded_text_and_document_marks_are_read) {
  BOOST_TEST(read("a: |\n  one\n  two\n").find("a")->text == "one\ntwo\n");
  BOOST_TEST(read("a: >-\n  one\n  two\n").find("a")->text == "one two");
  BOOST_TEST(read("%YAML 1.2\n---\na: 1\n...\n").find("a")->text == "1");
  BOOST_TEST(read("a: 'x # y'  # z\n").find("a")->text == "x # y");
}

BOOST_AUTO_TEST_CASE(anchors_aliases_merge_keys_and_tags_are_refused) {
  BOOST_TEST(yaml_refusal("a: &x 1\n") ==
             "a.yaml:1:4: anchors (&x) are not allowed; write the value out where it is used.");
  BOOST_TEST(yaml_refusal("a: 1\nb: *x\n").starts_with("a.yaml:2:4: "));
  BOOST_TEST(yaml_refusal("a: &a [*a]\n").starts_with("a.yaml:1:4: anchors"));
  BOOST_TEST(yaml_refusal("a: 1\n<<: {b: 1}\n") ==
             "a.yaml:2:1: merge keys (<<) are not allowed; write the keys out.");
  const std::string tags =
      "tags (such as !!str) are not allowed; put quotes around what is meant as text.";
  BOOST_TEST(yaml_refusal("a: !!int 5\n") == "a.yaml:1:4: " + tags);
  BOOST_TEST(yaml_refusal("a: ! 5\n") == "a.yaml:1:4: " + tags);
  BOOST_TEST(yaml_refusal("a: ! 'x'\n") == "a.yaml:1:4: " + tags);
  BOOST_TEST(yaml_refusal("a:\n  b: !point {x: 1}\n") == "a.yaml:2:6: " + tags);
  BOOST_TEST(yaml_refusal("a: !!seq [1]\n") == "a.yaml:1:4: " + tags);
}

BOOST_AUTO_TEST_CASE(a_duplicate_key_names_both_places) {
  BOOST_TEST(yaml_refusal("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n") ==
             "a.yaml:5:3: the key 'c' is given twice; the first one is in line 3, column 3. Remove "
             "one of them.");
  BOOST_TEST(yaml_refusal("a: 1\n'a': 2\n").starts_with("a.yaml:2:1: the key 'a' is given twice"));
  BOOST_TEST(yaml_refusal("{a: 1, b: {a: 1}}") == "no error");
}

BOOST_AUTO_TEST_CASE(a_key_must_be_a_scalar) {
  const std::string reason = "a key must be one word or number, not a list or a mapping.";
  BOOST_TEST(yaml_refusal("? [a]\n: 1\n") == "a.yaml:1:3: " + reason);
  BOOST_TEST(yaml_refusal("a: 1\n? {b: 1}\n: 1\n") == "a.yaml:2:3: " + reason);
  BOOST_TEST(yaml_refusal("a: 1\n~: 2\n") == "a.yaml:2:1: a key is missing before ':' here.");
  BOOST_TEST(yaml_refusal("'': 2\n") == "a.yaml:1:1: a key may not be empty.");
}

BOOST_AUTO_TEST_CASE(a_second_document_is_refused) {
  BOOST_TEST(
      yaml_refusal("a: 1\n---\nb: 2\n").starts_with("a.yaml:2:1: a second document begins here"));
  BOOST_TEST(yaml_refusal("- a\nb: 1\n").starts_with("a.yaml:2:1: a second document begins here"));
}

BOOST_AUTO_TEST_CASE(an_empty_document_is_refused) {
  const std::string reason = "a.yaml:1:1: there is nothing here but comments or blank lines.";
  BOOST_TEST(yaml_refusal("") == reason);
  BOOST_TEST(yaml_refusal("\n\n  \n") == reason);
  BOOST_TEST(yaml_refusal("# only a comment\n") == reason);
  BOOST_TEST(yaml_refusal("---\n") == reason);
  BOOST_TEST(yaml_refusal("\xef\xbb\xbf") == reason);
}

BOOST_AUTO_TEST_CASE(nesting_is_limited_to_64) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  BOOST_TEST(yaml_refusal(nested(64)) == "no error");
  BOOST_TEST(yaml_refusal(nested(65)) ==
             "a.yaml:1:65: lists and mappings are nested more than 64 deep.");
  BOOST_TEST(yaml_refusal(std::string(1'000'000, '[')).starts_with("a.yaml:1:"));
  BOOST_TEST(yaml_refusal(std::string(1'000'000, '{')).starts_with("a.yaml:1:"));
  std::string questions;
  for (int i = 0; i < 100'000; ++i) questions += "? ";
  BOOST_TEST(yaml_refusal(questions).starts_with("a.yaml:1:"));
}

BOOST_AUTO_TEST_CASE(the_number_of_values_is_limited) {
  std::string list = "[";
  for (int i = 0; i < 100'001; ++i) list += "1,";
  BOOST_TEST(yaml_refusal(list + "]") ==
             "a.yaml:1:200002: there are more than 100000 values; is it the right file?");
}

BOOST_AUTO_TEST_CASE(a_tab_that_indents_is_refused_at_its_place) {
  const std::string reason = "a tab indents this line; use blanks.";
  BOOST_TEST(yaml_refusal("a:\n\tb: 1\n") == "a.yaml:2:1: " + reason);
  BOOST_TEST(yaml_refusal("a:\n  \tb: 1\n") == "a.yaml:2:3: " + reason);
  BOOST_TEST(yaml_refusal("\tb: 1") == "a.yaml:1:1: " + reason);
  BOOST_TEST(yaml_refusal("a: 1\n \t\n") == "a.yaml:2:2: " + reason);
  BOOST_TEST(yaml_refusal("a:\t1\t# one\n") == "no error");
}

BOOST_AUTO_TEST_CASE(control_characters_are_refused_at_their_place) {
  using namespace std::string_literals;
  BOOST_TEST(yaml_refusal("a: 1\nb: x\0y\n"s) ==
             "a.yaml:2:5: the control character 0x00 may not stand in a YAML file; remove it.");
  BOOST_TEST(yaml_refusal("a: \x1b[31m\n").starts_with("a.yaml:1:4: the control character 0x1b"));
  BOOST_TEST(yaml_refusal("a: 1\n\xef\xbb\xbf"
                          "b: 2\n") ==
             "a.yaml:2:1: a byte order mark stands in the middle of the text; remove it.");
  BOOST_TEST(yaml_refusal("a: \x7f\n").starts_with("a.yaml:1:4: the control character 0x7f"));
  BOOST_TEST(
      yaml_refusal("a: 1\rb: 2\n").starts_with("a.yaml:1:5: a carriage return stands alone"));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_utf8_are_refused_at_their_place) {
  const auto invalid = [](std::string_view bytes) {
    return yaml_refusal("a: 1\nb: " + std::string(bytes));
  };
  BOOST_TEST(invalid("\xe9") == "a.yaml:2:4: the byte 0xe9 is not UTF-8; save the file as UTF-8.");
  for (const char* bytes :
       {"\x80", "\xc0\x80", "\xc3(", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff"}) {
    BOOST_TEST(invalid(bytes).starts_with("a.yaml:2:4: the byte 0x"), bytes);
  }
  BOOST_TEST(invalid("x\xe2\x82").starts_with("a.yaml:2:5: the byte 0xe2"));
  BOOST_TEST(read("a: \xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82").find("a")->text.size() == 9U);
  BOOST_TEST(yaml_refusal("\xff\xfe"
                          "a")
                 .starts_with("a.yaml:1:1: the byte 0xff"));
}

BOOST_AUTO_TEST_CASE(an_open_quote_is_reported_where_it_opens) {
  BOOST_TEST(yaml_refusal("a: 1\nb: 'x\nc: 2\n") ==
             "a.yaml:2:4: the quote (') that opens here is never closed.");
  BOOST_TEST(yaml_refusal("b: \"x\\\"\n").starts_with("a.yaml:1:"));
  BOOST_TEST(yaml_refusal("b: \"x\\\"\"\n") == "no error");
  BOOST_TEST(yaml_refusal("b: 'x'''\n") == "no error");
}

BOOST_AUTO_TEST_CASE(broken_yaml_is_reported_with_its_place_and_advice) {
  BOOST_TEST(yaml_refusal("a: b: c\n") ==
             "a.yaml:1:5: not valid YAML: illegal map value; a ':' may not stand here: check the "
             "indentation, and put quotes around text with ': '.");
  BOOST_TEST(yaml_refusal("a: {b: 1\nc: 2}\n") ==
             "a.yaml:2:2: not valid YAML: end of map flow not found; is a '}' or a ',' missing?");
  BOOST_TEST(yaml_refusal("a: [1, 2\n") ==
             "a.yaml:1:4: the bracket ([) that opens here is never closed.");
  BOOST_TEST(yaml_refusal("a: [1, {b: ']', c: [\"}\", it's]\n") ==
             "a.yaml:1:8: the bracket ({) that opens here is never closed.");
  BOOST_TEST(yaml_refusal("[1\n") ==
             "a.yaml:1:1: the bracket ([) that opens here is never closed.");
  BOOST_TEST(yaml_refusal("a: @x\n").starts_with("a.yaml:1:4: not valid YAML: unknown token"));
  BOOST_TEST(yaml_refusal("a: 1\n  b: 2\n").starts_with("a.yaml:2:4: not valid YAML: "));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_named_with_the_reason) {
  const TemporaryFolder folder("files");
  const auto reason = [&](const std::filesystem::path& path) {
    return message_of([&] { read_yaml_file(path); });
  };
  const std::string missing = (folder.path() / "net.yaml").string();
  BOOST_TEST(reason(missing) ==
             "cannot read '" + missing + "': there is no such file; give the path of a YAML file.");
  folder.write("nets.yaml", "a: 1\n");
  BOOST_TEST(reason(missing) == "cannot read '" + missing +
                                    "': there is no such file, did you mean '" +
                                    (folder.path() / "nets.yaml").string() + "'?");
  BOOST_TEST(reason(folder.path()) == "cannot read '" + folder.path().string() +
                                          "': it is a folder; name a YAML file in it.");
  const std::filesystem::path large = folder.write("large.yaml", std::string((1 << 20) + 1, '#'));
  BOOST_TEST(reason(large) == "cannot read '" + large.string() +
                                  "': it is larger than 1 MiB, which no settings need; is it the "
                                  "right file?");
  const std::filesystem::path pipe = folder.path() / "pipe.yaml";
  BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  BOOST_TEST(reason(pipe) == "cannot read '" + pipe.string() +
                                 "': it is not a regular file; copy its contents into one.");
  BOOST_TEST(reason("/dev/zero").starts_with("cannot read '/dev/zero': it is not a regular file"));
  BOOST_TEST(reason("").starts_with("cannot read '': there is no such file"));
}

BOOST_AUTO_TEST_CASE(a_file_is_read_with_its_path_in_every_place) {
  const TemporaryFolder folder("read");
  const std::filesystem::path file = folder.write("a.yaml", "a: 1\nb: x\n");
  const Value value = read_yaml_file(file);
  BOOST_TEST(place_of(value.find("b")) == file.string() + ":2:4");
}

BOOST_AUTO_TEST_CASE(the_value_of_an_override_is_yaml_without_lines) {
  const std::string name = "override 'a=...'";
  BOOST_TEST(read_yaml_override("10", name).text == "10");
  BOOST_TEST(read_yaml_override("'10'", name).quoted);
  BOOST_TEST((read_yaml_override("", name).kind == Value::Kind::null));
  const Value mapping = read_yaml_override("{type: sgd, momentum: 0.9}", name);
  BOOST_TEST(place_of(&mapping) == name);
  BOOST_TEST(place_of(mapping.find("momentum")) == name);
  BOOST_TEST(mapping.entries[1].key_location.to_string() == name);
  BOOST_TEST(message_of([&] { read_yaml_override("[1", name); }) ==
             name + ": the bracket ([) that opens here is never closed.");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
