#include "framework/storage/files/descriptor.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

BOOST_AUTO_TEST_SUITE(descriptor)

BOOST_AUTO_TEST_CASE(a_text_is_read_to_the_byte) {
  const TemporaryFolder folder("text");
  const std::string text("a\0b\r\n\xFF", 6);
  put_bytes(folder / "t", text);
  BOOST_TEST(read_text_file(folder / "t", 6) == text);
}

BOOST_AUTO_TEST_CASE(a_text_that_cannot_be_read_is_an_error_and_not_empty) {
  const TemporaryFolder folder("unreadable");
  put_bytes(folder / "long", "1234567");
  const auto reading = [&](const std::string& name) {
    return error_of([&] { read_text_file(folder / name, 6); });
  };
  BOOST_TEST(contains(reading("none"), "3: cannot read"));
  BOOST_TEST(contains(reading("none"), "No such file or directory"));
  BOOST_TEST(contains(error_of([&] { read_text_file(folder.path(), 6); }), "it is a folder"));
  BOOST_TEST(contains(reading("long"), "it has 7 bytes, expected at most 6"));
  std::filesystem::permissions(folder / "long", std::filesystem::perms::none);
  const bool may_read_all = ::geteuid() == 0;
  BOOST_TEST(contains(reading("long"), may_read_all ? "it has 7 bytes" : "Permission denied"));
}

BOOST_AUTO_TEST_CASE(only_what_is_surely_not_there_is_missing) {
  const TemporaryFolder folder("missing");
  put_bytes(folder / "there", "");
  BOOST_TEST(!is_missing(folder / "there"));
  BOOST_TEST(!is_missing(folder.path()));
  BOOST_TEST(is_missing(folder / "none"));
  BOOST_TEST(is_missing(folder / "none/below"));
  std::filesystem::create_symlink("loop", folder / "loop");  // the system cannot tell
  BOOST_TEST(!is_missing(folder / "loop"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing
