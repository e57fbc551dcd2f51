// Every verb, whatever it does: its place in the help, its examples, and what it refuses.

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "experiments/program/command.hpp"
#include "experiments/program/command_line.hpp"

namespace lockstep {
namespace {

// The words of a command line, after the program's name.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words = {"lockstep"};
  std::istringstream stream{std::string(line)};
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

Request parse(const std::vector<std::string>& words, const std::vector<Verb>& verbs) {
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  CommonOptions options;
  return parse_command_line(pointers, verbs, options);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(verb_contract)

BOOST_AUTO_TEST_CASE(every_verb_has_a_name_a_summary_and_a_place_of_its_own) {
  std::set<std::string_view> names;
  std::set<int> places;
  const std::vector<Verb> verbs = all_verbs();
  for (const Verb& verb : verbs) {
    BOOST_TEST_CONTEXT(verb->name()) {
      BOOST_TEST(names.insert(verb->name()).second);
      BOOST_TEST(places.insert(verb->place()).second);
      BOOST_TEST(verb->summary().size() > 10);
      BOOST_TEST(verb->summary().size() < 100);  // two lines of the list of verbs
      BOOST_TEST(!verb->summary().ends_with('.'));
    }
  }
  BOOST_TEST(names.size() >= 13);
}

BOOST_AUTO_TEST_CASE(every_example_is_understood_and_shown_in_the_help) {
  const std::vector<Verb> verbs = all_verbs();
  for (const Verb& verb : verbs) {
    const std::string help = parse({"lockstep", std::string(verb->name()), "--help"}, verbs).text;
    BOOST_TEST(verb->examples().size() >= 2);
    for (const std::string_view example : verb->examples()) {
      BOOST_TEST_CONTEXT(example) {
        BOOST_TEST(help.find("\n  lockstep " + std::string(example) + "\n") != std::string::npos);
        const Request request = parse(words_of(example), verbs);
        BOOST_REQUIRE(request.command != nullptr);
        BOOST_TEST(request.command->name() == verb->name());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_help_fits_into_80_columns) {
  const std::vector<Verb> verbs = all_verbs();
  std::string all = parse({"lockstep", "--help"}, verbs).text;
  for (const Verb& verb : verbs) {
    all += parse({"lockstep", std::string(verb->name()), "--help"}, verbs).text;
  }
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line);) {
    BOOST_TEST_CONTEXT(line) BOOST_TEST(line.size() <= 80);
  }
}

BOOST_AUTO_TEST_CASE(what_a_verb_refuses_is_refused_with_where_to_look) {
  const std::vector<Verb> verbs = all_verbs();
  for (const Verb& verb : verbs) {
    BOOST_TEST(!verb->refused().empty());
    std::vector<std::string_view> refused = verb->refused();
    const std::string unknown = std::string(verb->examples().front()) + " --no-such-option";
    refused.emplace_back(unknown);
    for (const std::string_view line : refused) {
      BOOST_TEST_CONTEXT(line) {
        BOOST_CHECK_EXCEPTION(parse(words_of(line), verbs), Error, [&](const Error& error) {
          return error.kind() == ErrorKind::usage &&
                 std::string(error.what())
                         .find("'lockstep " + std::string(verb->name()) + " --help'") !=
                     std::string::npos;
        });
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
