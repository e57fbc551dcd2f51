#include "framework/storage/hdf5/file_format.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

/// What a file that says this of itself is refused with as "dish" of version 1.
std::string refusal(const Hdf5Attribute& format, std::int64_t version) {
  const TemporaryFolder folder("file_format");
  Hdf5Writer file(folder / "a.h5");
  file.add_attribute("/", "format", format);
  file.add_attribute("/", "schema_version", version);
  file.close();
  return error_of([&] { require_format(Hdf5Reader(folder / "a.h5"), "dish", 1); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file_format)

BOOST_AUTO_TEST_CASE(a_file_of_that_format_and_version_is_taken) {
  BOOST_TEST(refusal("dish", 1) == "no error");
}

BOOST_AUTO_TEST_CASE(another_format_is_refused_also_one_that_is_no_text) {
  BOOST_TEST(contains(refusal("soup", 1), "a.h5: it is not a file of the format dish."));
  BOOST_TEST(contains(refusal(std::int64_t{5}, 1), "a.h5: it is not a file of the format dish."));
}

BOOST_AUTO_TEST_CASE(another_version_is_refused_with_both) {
  BOOST_TEST(contains(refusal("dish", 2), "its schema_version is 2, expected 1"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep::testing
