#include "framework/core/error.hpp"

#include <boost/test/unit_test.hpp>

#include <new>
#include <stdexcept>
#include <string>

namespace lockstep {

BOOST_AUTO_TEST_SUITE(error)

BOOST_AUTO_TEST_CASE(a_code_says_the_kind_and_with_it_the_exit_code) {
  const Error missing(errors::kDataMissing, "no data.");
  BOOST_TEST((missing.kind() == ErrorKind::data));
  BOOST_TEST(missing.exit_code() == 3);
  BOOST_TEST(missing.code().name() == "E401");
  BOOST_TEST(std::string(missing.what()) == "no data.");
}

BOOST_AUTO_TEST_CASE(a_sentence_ends_with_its_code) {
  BOOST_TEST(sentence_of(Error(errors::kNoFile, "it is a folder.")) == "it is a folder. [E502]");
}

BOOST_AUTO_TEST_CASE(other_exceptions_have_a_code_and_a_sentence_too) {
  BOOST_TEST(as_error(Error(errors::kNoFile, "it is a folder.")).code().name() == "E502");
  const Error memory = as_error(std::bad_alloc());
  BOOST_TEST(memory.exit_code() == 2);
  BOOST_TEST(sentence_of(std::bad_alloc()) == std::string(memory.what()) + " [E608]");
  BOOST_TEST(std::string(memory.what()).starts_with("There is not enough memory"));
  BOOST_TEST(sentence_of(std::logic_error("x")) == "Something unforeseen failed: x. [E699]");
}

BOOST_AUTO_TEST_CASE(a_sentence_gives_its_code_back) {
  BOOST_TEST(code_behind("it is a folder. [E502]") == "E502");
  BOOST_TEST(code_behind("[rank 1 host] it is a folder. [E502]") == "E502");
}

BOOST_AUTO_TEST_CASE(what_only_looks_like_a_code_is_none) {
  for (const char* const text : {"", "it is a folder.", "it is a folder. [E502] ", "[E502]",
                                 "x [E]", "x [E5a]", "x [502]", "x [E502].", "[E1] and more]"}) {
    BOOST_TEST_CONTEXT(text) BOOST_TEST(code_behind(text) == "");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
